// `node:process`: the global of the same name.

const { process } = globalThis;
export const { argv, cwd, env, exit, nextTick, platform, versions } = process;
export default process;
