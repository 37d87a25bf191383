// The tasks that a table may be for.

export const csvTasks = ['classification', 'regression'] as const;
export type CsvTask = (typeof csvTasks)[number];
