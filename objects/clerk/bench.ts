/** What a seat is and has before it is seated: name, key, storage, faults. Throws `Refused` when its name is wrong. */
import { deploymentOf } from "../shared/config.ts";
import type { Deployment } from "../shared/config.ts";
import { LIMITS } from "../shared/limits.ts";
import { regionOf } from "../shared/names.ts";
import { signer, verifier } from "../shared/node/crypto.ts";
import type { KeyPair, Sign, Verify } from "../shared/node/crypto.ts";
import { Notes, keyHere, officerHere } from "../shared/shell/identity.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import { Chain } from "./chain.ts";
import { Faults } from "./faults.ts";
import { GenesisDesk } from "./genesis-desk.ts";
import { Incidents } from "./incidents.ts";
import { AgreedState } from "./state.ts";

export class Bench {
  readonly env: Bindings;
  readonly deployment: Deployment;
  readonly name: string;
  readonly court: number;
  readonly seat: number;
  readonly notes: Notes;
  readonly pair: KeyPair;
  readonly sign: Sign;
  readonly verify: Verify;
  readonly faults: Faults;
  readonly desk: GenesisDesk;
  readonly chain: Chain;
  readonly state: AgreedState;
  readonly incidents: Incidents;

  constructor(ctx: DurableObjectState, env: Bindings) {
    const deployment = deploymentOf(env);
    const { name, officer } = officerHere(ctx, env.CLERK, deployment, "clerk");
    const { sql } = ctx.storage;
    this.env = env;
    this.deployment = deployment;
    this.name = name;
    this.court = officer.court;
    this.seat = officer.seat;
    this.notes = new Notes(sql);
    this.pair = keyHere(this.notes, name);
    this.sign = signer(this.pair);
    this.verify = verifier();
    this.faults = new Faults(this.notes, deployment.faultInjection);
    this.desk = new GenesisDesk(this);
    this.chain = new Chain(sql);
    this.state = new AgreedState(sql, deployment.windowMs + LIMITS.clockBoundMs);
    this.incidents = new Incidents(sql);
  }

  get region(): string {
    return regionOf(this.deployment, this.seat);
  }
}
