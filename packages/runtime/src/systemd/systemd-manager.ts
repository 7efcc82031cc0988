// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { DbusConnection, DbusError } from './dbus/connection.ts'
import type { DbusValue, Variant } from './dbus/signature.ts'
import type { UnitProperty } from './property.ts'

const systemd = { destination: 'org.freedesktop.systemd1', path: '/org/freedesktop/systemd1' } as const
const managerInterface = 'org.freedesktop.systemd1.Manager'
const jobTimeoutMs = 30_000

/** A running systemd, of the machine or of a user, reached over its message bus. @internal */
export class SystemdManager implements Disposable {
  readonly #connection: DbusConnection
  #version: number | undefined
  #subscribed: Promise<void> | undefined

  private constructor(connection: DbusConnection) {
    this.#connection = connection
  }

  /**
   * Connects to the bus of the machine (DBUS_SYSTEM_BUS_ADDRESS, or where D-Bus has it), for root failing that to systemd
   * itself; with `user` to the bus of the user's session. Throws `failed-precondition` when nobody is there.
   */
  static async connect(user: boolean): Promise<SystemdManager> {
    const failures: unknown[] = []
    for (const { path, hello } of addresses(user)) {
      try {
        return new SystemdManager(await DbusConnection.open(path, { hello }))
      } catch (error) {
        failures.push(error)
      }
    }
    const message = 'systemd cgroup flag passed, but systemd support for managing cgroups is not available'
    throw new StackError('failed-precondition', message, { cause: failures[0] })
  }

  /** The number in front of what systemd calls its version; 0 when it has none. */
  async version(): Promise<number> {
    this.#version ??= Number(/\d+/.exec(await this.#property('Version'))?.[0] ?? 0)
    return this.#version
  }

  /** The cgroup that everything of this manager is below. */
  controlGroup(): Promise<string> {
    return this.#property('ControlGroup')
  }

  /** Makes a unit and waits until it is there. What is left of a failed one with that name is cleared away first. */
  async startTransientUnit(name: string, properties: readonly UnitProperty[]): Promise<void> {
    const start = () => this.#job('StartTransientUnit', 'ssa(sv)a(sa(sv))', [name, 'replace', properties, []])
    let result: string
    try {
      result = await start().catch(async (error) => {
        if (!isDbusError(error, 'UnitExists')) throw error
        await this.resetFailedUnit(name)
        return start()
      })
    } catch (error) {
      throw wrap(error, `unable to start unit ${JSON.stringify(name)}`)
    }
    if (result === 'done') return
    await this.resetFailedUnit(name)
    throw new StackError(
      'internal',
      `error creating systemd unit ${JSON.stringify(name)}: got ${JSON.stringify(result)}`,
    )
  }

  /** Stops a unit and waits until it is gone. Fine when there is none. */
  async stopUnit(name: string): Promise<void> {
    try {
      await this.#job('StopUnit', 'ss', [name, 'replace'])
    } catch (error) {
      if (!isDbusError(error, 'NoSuchUnit')) throw wrap(error, `unable to stop unit ${JSON.stringify(name)}`)
    }
    await this.resetFailedUnit(name)
  }

  /** Changes properties of a unit until it ends. */
  async setUnitProperties(name: string, properties: readonly UnitProperty[]): Promise<void> {
    await this.#call('SetUnitProperties', 'sba(sv)', [name, true, properties]).catch((error) => {
      throw wrap(error, 'unable to set unit properties')
    })
  }

  /** Lets systemd forget a unit that has failed. */
  async resetFailedUnit(name: string): Promise<void> {
    await this.#call('ResetFailedUnit', 's', [name]).catch((error) => {
      // It has not failed, or is forgotten already.
      if (!(error instanceof DbusError)) throw error
    })
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]()
  }

  async #property(name: string): Promise<string> {
    const [variant] = await this.#connection.call({
      ...systemd,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [managerInterface, name],
    })
    return String((variant as Variant).value)
  }

  #call(member: string, signature: string, body: readonly DbusValue[]): Promise<readonly DbusValue[]> {
    return this.#connection.call({ ...systemd, interface: managerInterface, member, signature, body })
  }

  /** Calls what answers with a job, and waits for the job's end. Its end may be told before the answer is read. */
  async #job(member: string, signature: string, body: readonly DbusValue[]): Promise<string> {
    const ended = new Map<string, string>()
    let wake = () => {}
    using _listening = this.#connection.onSignal((signal) => {
      if (signal.member !== 'JobRemoved' || signal.interface !== managerInterface) return
      ended.set(String(signal.body[1]), String(signal.body[3]))
      wake()
    })
    this.#subscribed ??= this.#subscribe()
    await this.#subscribed
    const [job] = await this.#call(member, signature, body)
    const timeout = AbortSignal.timeout(jobTimeoutMs)
    for (;;) {
      const result = ended.get(String(job))
      if (result !== undefined) return result
      await new Promise<void>((resolve, reject) => {
        wake = resolve
        timeout.addEventListener('abort', () => reject(new StackError('deadline-exceeded', `${member}: timed out`)))
      })
    }
  }

  async #subscribe(): Promise<void> {
    const bus = 'org.freedesktop.DBus'
    const rule = `type='signal',interface='${managerInterface}',member='JobRemoved'`
    const match = { member: 'AddMatch', signature: 's', body: [rule] }
    try {
      await this.#connection.call({ destination: bus, path: '/org/freedesktop/DBus', interface: bus, ...match })
    } catch (error) {
      // systemd itself, which is no bus, tells its peers without being asked.
      if (!(error instanceof DbusError)) throw error
    }
    await this.#call('Subscribe', '', [])
  }
}

function isDbusError(error: unknown, name: string): boolean {
  return error instanceof DbusError && error.errorName.endsWith(`.${name}`)
}

function addresses(user: boolean): { path: string; hello: boolean }[] {
  const { DBUS_SYSTEM_BUS_ADDRESS: system, DBUS_SESSION_BUS_ADDRESS: session, XDG_RUNTIME_DIR: runtime } = process.env
  if (user) return sockets(session ?? (runtime ? `unix:path=${runtime}/bus` : ''))
  const bus = sockets(system ?? 'unix:path=/run/dbus/system_bus_socket')
  return system === undefined && process.geteuid?.() === 0
    ? [...bus, { path: '/run/systemd/private', hello: false }]
    : bus
}

/** The UNIX sockets of a D-Bus address: `unix:path=/x;unix:abstract=y,guid=z`. */
function sockets(address: string): { path: string; hello: boolean }[] {
  return address.split(';').flatMap((one) => {
    const [, key, value = ''] = /^unix:(?:[^,]*,)*?(path|abstract)=([^,]*)/.exec(one) ?? []
    if (key === undefined) return []
    const text = decodeURIComponent(value)
    return [{ path: key === 'abstract' ? `\0${text}` : text, hello: true }]
  })
}
