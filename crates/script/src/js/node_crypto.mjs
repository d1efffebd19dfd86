// `node:crypto`, as far as modules use it.

export const { randomUUID } = globalThis.crypto;
export const webcrypto = globalThis.crypto;
export default { randomUUID, webcrypto };
