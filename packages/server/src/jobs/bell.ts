/** Something to wait for: rung by others, by a time, or by an abort. What rings while nobody waits is not forgotten. */
export class Bell {
  private isRung = false;
  private wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.isRung = true;
    this.wake?.();
  };

  async wait(ms: number): Promise<void> {
    if (!this.isRung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
      this.wake = undefined;
    }
    this.isRung = false;
  }
}
