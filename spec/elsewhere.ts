/** Rules that no function of ours carries out, each with who does; the table says so. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  DeliverAgain: "the platform's queue delivers what was to be tried again",
  MadeByBeingAddressed: "the platform makes an object of whatever name is called",
};
