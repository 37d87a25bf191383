export function buildCore(options?: { force?: boolean }): Promise<string[]>;
