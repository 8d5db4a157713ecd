/** A bug that somebody might make, as a change of the source's text while it is loaded: the shipped files hold no switch for it. */

/** What a run of one seed reported first: a checker's property, `liveness`, or `crash`. */
export interface Finding {
  readonly property: string;
  readonly detail: string;
}

export interface Patch {
  /** Path from the repository's root. */
  readonly file: string;
  /** Exact text that the file holds once. */
  readonly find: string;
  readonly replace: string;
}

export interface Bug<How> {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Properties of which any may report it; found as something else it does not count. */
  readonly found: readonly string[];
  /** Seeds, from 0, within which it must be found. */
  readonly within: number;
  readonly how: How;
}

/** The text with the patches in it. Throws where the source is no longer what a patch was made for. */
export function planted(text: string, patches: readonly Patch[]): string {
  let result = text;
  for (const { file, find, replace } of patches) {
    const times = result.split(find).length - 1;
    if (times !== 1)
      throw new Error(`the patch of ${file} applies ${times} times, not once: ${find}`);
    if (find === replace) throw new Error(`the patch of ${file} changes nothing: ${find}`);
    result = result.replace(find, () => replace);
  }
  return result;
}

/** By file, in their order. */
export function byFile(patches: readonly Patch[]): Map<string, Patch[]> {
  const files = new Map<string, Patch[]>();
  for (const patch of patches) files.set(patch.file, [...(files.get(patch.file) ?? []), patch]);
  return files;
}
