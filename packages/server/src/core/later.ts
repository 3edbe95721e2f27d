/**
 * A value that is there or a promise of it. What a plain request passes on its way is nearly always there, and an async function costs
 * about a kilobyte and a turn of the microtask queue each time, whether or not it had to wait: ten of them were a fifth of what a tiny
 * model's answer allocated.
 */
export type Later<T> = T | Promise<T>;

/** Goes on at once with a value that is there, else when it comes. */
export function andThen<T, U>(value: Later<T>, next: (value: T) => Later<U>): Later<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** The same as a promise; one that is there stays as it is. */
export function promised<T>(work: () => Later<T>): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Calls `end` when `work` is over, whichever way. */
export function holding<T>(work: () => Later<T>, end: () => void): Later<T> {
  let result: Later<T>;
  try {
    result = work();
  } catch (error) {
    end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    end();
    return result;
  }
  return result.then(
    (value) => {
      end();
      return value;
    },
    (error: unknown) => {
      end();
      throw error;
    },
  );
}
