// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { createEngineClient, type EngineClient } from '@teu/engine-api'
import type { AppArmor } from '../../src/app-armor/app-armor.ts'
import { ContainerList } from '../../src/containers/container-list.ts'
import { startEngine } from '../../src/engine.ts'
import { createEventBus } from '../../src/events/event-bus.ts'
import { silentLog } from '../../src/log.ts'
import type { ReloadOptions } from '../../src/reload.ts'
import type { Engine } from '../../src/serve.ts'
import { detectHost } from '../../src/spec/detect-host.ts'
import type { HostFacts } from '../../src/spec/host-facts.ts'
import { MemoryContainerd } from './memory-containerd.ts'
import { memoryImages } from './memory-images.ts'
import { memoryNetwork } from './memory-network.ts'

/** A reply as it came. */
export interface RawReply {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

/** A machine that an engine believes to run on. */
export interface TestMachine {
  host?: Partial<HostFacts>
  appArmor?: AppArmor
}

/** An engine on doubles, with a private socket and directories of its own. */
export class TestEngine {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'teu-eng-'))
  readonly socket = path.join(this.directory, 's')
  readonly containerd = new MemoryContainerd()
  readonly images = memoryImages()
  readonly network = memoryNetwork()
  readonly errors: string[] = []
  machine: TestMachine = {}
  client: EngineClient = createEngineClient({ host: `unix://${this.socket}` })
  #engine: Engine | undefined

  /** Starts it, and ends it with the test. `machine` is what differs from the real one. */
  static async start(t: TestContext, machine: TestMachine = {}): Promise<TestEngine> {
    const engine = new TestEngine()
    engine.machine = machine
    t.after(async () => {
      await engine.stop()
      for (const { init, execs } of engine.containerd.tasks.values())
        for (const p of [init, ...execs.values()]) p.exit(0)
      rmSync(engine.directory, { recursive: true, force: true })
    })
    await engine.open()
    return engine
  }

  async open(): Promise<void> {
    const { directory, containerd, images, network } = this
    const options = {
      dataRoot: path.join(directory, 'data'),
      execRoot: path.join(directory, 'exec'),
      containerd: containerd.services,
      log: {
        ...silentLog,
        error: (message: string, fields?: object) => this.errors.push(`${message} ${JSON.stringify(fields)}`),
      },
    }
    const { host, appArmor } = this.machine
    const parts = {
      events: createEventBus(),
      containers: new ContainerList(),
      host: { ...detectHost(), ...host },
      images,
      network,
      ...(appArmor ? { appArmor } : {}),
    }
    this.#engine = await startEngine(options, parts)
    await this.#engine.listen(`unix://${this.socket}`)
  }

  /** Takes over options that can change. */
  reload(options: ReloadOptions): string[] {
    return this.#engine?.reload(options) ?? []
  }

  /** Listens on more addresses. */
  listen(...hosts: string[]): Promise<string[]> {
    return this.#engine?.listen(...hosts) ?? Promise.resolve([])
  }

  async stop(): Promise<void> {
    this.client.close()
    await this.#engine?.[Symbol.asyncDispose]()
    this.#engine = undefined
  }

  /** Ends this engine and starts the next on the same state. */
  async restart(): Promise<void> {
    await this.stop()
    this.client = createEngineClient({ host: `unix://${this.socket}` })
    await this.open()
  }

  request(method: string, target: string, body?: string, headers: http.OutgoingHttpHeaders = {}): Promise<RawReply> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const options = {
        socketPath: this.socket,
        method,
        path: target,
        headers: { ...length, ...headers },
        agent: false,
      }
      const request = http.request(options, async (response) => {
        const chunks = await response.toArray()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
      })
      request.once('error', reject)
      request.end(body)
    })
  }

  json(method: string, target: string, body: unknown): Promise<RawReply> {
    return this.request(method, target, JSON.stringify(body), { 'content-type': 'application/json' })
  }

  /** Sends bytes as they are, and returns all that comes back until the server closes. */
  raw(bytes: string | Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.socket)
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
      socket.once('error', reject)
      socket.write(bytes)
    })
  }

  async create(cmd: string[], more: object = {}): Promise<string> {
    const { HostConfig, ...config } = more as { HostConfig?: object }
    const { Id } = await this.client.containerCreate({
      config: { Image: 'busybox', Cmd: cmd, ...config },
      hostConfig: { NetworkMode: 'none', ...HostConfig },
    })
    return Id
  }
}
