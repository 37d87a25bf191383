export function makeDatasets(): Map<string, string>;
