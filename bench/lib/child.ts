// The parent's side: starts a suite's process, asks it one thing at a time.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Hello, Request } from './serve.ts';

export class Child {
  readonly name: string;
  private readonly process: ChildProcess;
  private readonly lines: Interface;
  private readonly errors: string[] = [];

  /** @param node the Node that runs it, with its flags */
  constructor(name: string, node: readonly string[], script: string, environment: Record<string, string> = {}) {
    this.name = name;
    const [command, ...flags] = node;
    this.process = spawn(command!, [...flags, script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.process.stderr!.on('data', (text) => this.errors.push(String(text)));
    this.process.on('error', (error) => this.errors.push(error.message));
    this.lines = createInterface({ input: this.process.stdout! });
  }

  hello = (): Promise<Hello> => this.ask({ ask: 'hello' });

  /** @throws Error with what the child says went wrong, or with its last words */
  ask<T>(request: Request): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.lines.off('line', onLine);
        this.process.off('exit', onExit);
      };
      const onExit = (code: number | null) => {
        done();
        reject(new Error(`${this.name} ended with code ${code}: ${this.errors.join('').slice(-600).trim()}`));
      };
      const onLine = (line: string) => {
        // A library may print something of its own.
        if (!line.startsWith('{"value"') && !line.startsWith('{"error"')) return;
        done();
        const { value, error } = JSON.parse(line) as { value: T; error?: string };
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      };
      if (this.process.exitCode !== null) return onExit(this.process.exitCode);
      this.lines.on('line', onLine);
      this.process.on('exit', onExit);
      this.process.stdin!.write(`${JSON.stringify(request)}\n`, () => {});
    });
  }

  /** Hangs up; the process ends by itself. */
  close(): void {
    this.process.stdin!.end();
  }
}
