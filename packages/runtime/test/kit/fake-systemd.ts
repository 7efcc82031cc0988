// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { DbusMessage } from '../../src/systemd/dbus/message.ts'
import { decodeMessage, encodeMessage, messageLength, messageTypes } from '../../src/systemd/dbus/message.ts'
import type { DbusValue, Variant } from '../../src/systemd/dbus/signature.ts'

/** Why there is no message bus to test with, or false when there is. */
export const withoutBus: string | false = existsSync('/usr/bin/dbus-daemon') ? false : 'needs dbus-daemon'

const systemd = 'org.freedesktop.systemd1'
const bus = 'org.freedesktop.DBus'

/** A call that systemd got: its member, and what it was about. */
export interface SystemdCall {
  member: string
  unit: string
  properties: Record<string, DbusValue>
}

/**
 * What systemd is to the runtime, on a message bus of its own (D-Bus's, which refuses what is malformed): it makes the
 * folders of units and puts processes there, and ends jobs by signals.
 */
export class FakeSystemd implements AsyncDisposable {
  readonly calls: SystemdCall[] = []
  /** Names that the next calls answer with an error instead. */
  readonly failures: string[] = []
  /** How jobs end. */
  jobResult = 'done'
  readonly address: string
  readonly #daemon: ChildProcess
  readonly #socket: Socket
  readonly #folders: (unit: string, slice: string) => readonly string[]
  readonly #units = new Map<string, readonly string[]>()
  readonly #controlGroup: string
  #received = Buffer.alloc(0)
  #serial = 0

  private constructor(daemon: ChildProcess, socket: Socket, init: FakeSystemdInit, address: string) {
    this.#daemon = daemon
    this.#socket = socket
    this.#folders = init.folders
    this.#controlGroup = init.controlGroup ?? ''
    this.address = address
  }

  static async start(init: FakeSystemdInit): Promise<FakeSystemd> {
    const path = join(init.directory, 'bus')
    const config = join(init.directory, 'bus.conf')
    writeFileSync(config, busConfig(path))
    const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'])
    await once(daemon.stdout, 'data')
    const socket = createConnection(path)
    const uid = Buffer.from(String(process.geteuid?.())).toString('hex')
    socket.write(`\0AUTH EXTERNAL ${uid}\r\n`)
    const [line] = await once(socket, 'data')
    assert.match(String(line), /^OK /)
    socket.write('BEGIN\r\n')
    const fake = new FakeSystemd(daemon, socket, init, `unix:path=${path}`)
    socket.on('data', (chunk: Buffer) => fake.#receive(chunk))
    fake.#send({ type: messageTypes.call, destination: bus, path: '/', interface: bus, member: 'Hello' })
    const request = { signature: 'su', body: [systemd, 4] }
    fake.#send({
      type: messageTypes.call,
      destination: bus,
      path: '/',
      interface: bus,
      member: 'RequestName',
      ...request,
    })
    await once(fake.#socket, 'named')
    return fake
  }

  /** Members of the calls so far, without those that only ask. */
  get members(): string[] {
    return this.calls.map(({ member }) => member)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    const exit = once(this.#daemon, 'exit')
    this.#daemon.kill('SIGKILL')
    await exit
    assert.deepEqual([...this.#units.keys()], [], 'units are left')
  }

  #send(message: Partial<DbusMessage> & { type: number }): void {
    this.#socket.write(encodeMessage({ signature: '', body: [], ...message, serial: ++this.#serial }))
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const length = messageLength(this.#received)
      if (length === undefined || length > this.#received.length) return
      const message = decodeMessage(this.#received.subarray(0, length))
      this.#received = this.#received.subarray(length)
      // The answer to RequestName is the second.
      if (message.type === messageTypes.reply && message.replySerial === 2) this.#socket.emit('named')
      if (message.type === messageTypes.call) this.#answer(message)
    }
  }

  #answer(call: DbusMessage): void {
    const reply = { destination: call.sender as string, replySerial: call.serial }
    const failure = call.member === 'Get' || call.member === 'Subscribe' ? undefined : this.failures.shift()
    if (failure !== undefined) {
      this.#send({
        type: messageTypes.error,
        ...reply,
        errorName: `${systemd}.${failure}`,
        signature: 's',
        body: [failure],
      })
      return
    }
    const { signature, body } = this.#carryOut(call)
    this.#send({ type: messageTypes.reply, ...reply, signature, body })
    if (signature !== 'o') return
    const about = { path: '/org/freedesktop/systemd1', interface: `${systemd}.Manager`, member: 'JobRemoved' }
    const ended = [this.#serial, body[0] as string, call.body[0] as string, this.jobResult]
    this.#send({ type: messageTypes.signal, ...about, signature: 'uoss', body: ended })
  }

  #carryOut({ member = '', body }: DbusMessage): { signature: string; body: DbusValue[] } {
    const unit = String(body[0])
    const nothing = { signature: '', body: [] }
    const job = { signature: 'o', body: [`/org/freedesktop/systemd1/job/${this.#serial}`] }
    switch (member) {
      case 'Subscribe':
        return nothing
      case 'Get': {
        const value = { Version: '252.5-test', ControlGroup: this.#controlGroup }[String(body[1])] ?? ''
        return { signature: 'v', body: [{ signature: 's', value }] }
      }
      case 'StartTransientUnit': {
        const properties = propertiesOf(body[2])
        this.calls.push({ member, unit, properties })
        if (this.jobResult === 'done') this.#makeUnit(unit, properties)
        return job
      }
      case 'StopUnit':
        this.calls.push({ member, unit, properties: {} })
        this.#removeUnit(unit)
        return job
      default:
        this.calls.push({ member, unit, properties: member === 'SetUnitProperties' ? propertiesOf(body[2]) : {} })
        return nothing
    }
  }

  #makeUnit(unit: string, { Slice, PIDs }: Record<string, DbusValue>): void {
    const folders = this.#folders(unit, String(Slice))
    this.#units.set(unit, folders)
    for (const folder of folders) {
      mkdirSync(folder, { recursive: true })
      for (const pid of PIDs as number[]) writeFileSync(join(folder, 'cgroup.procs'), String(pid))
    }
  }

  #removeUnit(unit: string): void {
    for (const folder of this.#units.get(unit) ?? []) {
      try {
        rmdirSync(folder)
        rmdirSync(dirname(folder))
      } catch {
        // What is still in use is the runtime's to wait for.
      }
    }
    this.#units.delete(unit)
  }
}

/** Where the fake works. */
export interface FakeSystemdInit {
  directory: string
  /** The folders of a unit. */
  folders: (unit: string, slice: string) => readonly string[]
  /** What it says its own cgroup is. */
  controlGroup?: string
}

function propertiesOf(list: unknown): Record<string, DbusValue> {
  return Object.fromEntries((list as [string, Variant][]).map(([name, { value }]) => [name, value]))
}

function busConfig(path: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`
}
