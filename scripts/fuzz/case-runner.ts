/** Runs cases of one worker on one service, and checks the answers. */

import { GrpcSession } from '../../test/support/grpc-session.ts';
import type { ServiceProcess } from '../../test/support/process.ts';
import type { Case, FramesCase, GrpcCase, RestCase } from './case.ts';
import { sendFrames } from './frames-client.ts';
import { checkCode, checkGrpc } from './grpc-check.ts';
import type { RestCheck } from './rest-check.ts';
import { RestConnection } from './rest-client.ts';

export class CaseRunner {
  readonly #ports: ServiceProcess['ports'];
  readonly #check: RestCheck;
  readonly #onStatus: (status: string) => void;
  /** Connections are kept for later cases while they are usable. */
  #rest: RestConnection | undefined;
  #grpc: GrpcSession | undefined;

  /** @param onStatus is called with every status or code that is answered. */
  constructor(
    { ports }: Pick<ServiceProcess, 'ports'>,
    check: RestCheck,
    onStatus: (status: string) => void,
  ) {
    this.#ports = ports;
    this.#check = check;
    this.#onStatus = onStatus;
  }

  /** @throws WrongAnswer when a case is not answered as documented. */
  async run(sent: Case): Promise<void> {
    switch (sent.via) {
      case 'REST':
        return await this.#runRest(sent);
      case 'gRPC':
        return await this.#runGrpc(sent);
      case 'frames':
        return await this.#runFrames(sent);
    }
  }

  close(): void {
    this.#rest?.close();
    this.#grpc?.close();
  }

  async #runRest(sent: RestCase): Promise<void> {
    if (this.#rest?.usable !== true) this.#rest = await RestConnection.open(this.#ports.REST);
    const response = await this.#rest.send(sent);
    for (const { status } of response.answers) this.#onStatus(`REST ${status}`);
    this.#check.check(sent, response);
  }

  async #runGrpc(sent: GrpcCase): Promise<void> {
    if (this.#grpc?.usable !== true) this.#grpc = await GrpcSession.open(this.#ports.gRPC);
    const response = await this.#grpc.send(sent);
    if (response === undefined) return;
    this.#onStatus(`gRPC ${response.fields['grpc-status'] ?? `HTTP ${response.fields[':status']}`}`);
    checkGrpc(sent, response);
  }

  async #runFrames(sent: FramesCase): Promise<void> {
    for (const status of await sendFrames(this.#ports.gRPC, sent)) {
      this.#onStatus(`gRPC ${status}`);
      checkCode(status);
    }
  }
}
