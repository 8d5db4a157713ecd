/** What was promised did not come within its time: a finding, not a fault of the run. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}
