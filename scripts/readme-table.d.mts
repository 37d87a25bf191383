export function readmeTable(peers: string): string;
export function withTable(readme: string, peers: string): string;
