// Functions of the host. The global is removed at once: only built-in modules reach them.
export const native = globalThis.__smithers;
delete globalThis.__smithers;
