/**
 * What a pool of seeds and its workers say to each other, as JSON over the channel of a child
 * process. A worker takes its seeds in the order in which they came and answers in that order.
 */

/** To a worker: first its task, then seeds. */
export type WorkerOrder<Task> =
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'seed'; readonly seed: number };

/** From a worker. After `failed` it ends: what a seed left behind must not reach the next. */
export type WorkerWord<Result> =
  | { readonly kind: 'ready' }
  | Extract<SeedAnswer<Result>, { readonly kind: 'result' }>
  | { readonly kind: 'failed'; readonly seed: number; readonly reason: string };

/** What came of a seed that a worker was given. */
export type SeedAnswer<Result> =
  | {
      readonly kind: 'result';
      readonly seed: number;
      readonly ms: number;
      readonly result: Result;
    }
  | {
      readonly kind: 'crashed';
      readonly seed: number;
      readonly ms: number;
      readonly reason: string;
    };
