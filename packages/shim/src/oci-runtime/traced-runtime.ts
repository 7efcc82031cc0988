// SPDX-License-Identifier: Apache-2.0
import { span } from '@teu/ttrpc'
import type { OciRuntime } from './oci-runtime.ts'

/** The same runtime, which publishes how long its calls take on `teu:span`. @internal */
export function tracedRuntime(runtime: OciRuntime): OciRuntime {
  const timed = <T>(name: string, work: () => Promise<T>) => span('runtime', name, work)
  return {
    create: (call) => timed('create', () => runtime.create(call)),
    start: (id) => timed('start', () => runtime.start(id)),
    exec: (call, process) => timed('exec', () => runtime.exec(call, process)),
    kill: (id, signal, all) => timed('kill', () => runtime.kill(id, signal, all)),
    delete: (id, force) => timed('delete', () => runtime.delete(id, force)),
    status: (id) => timed('status', () => runtime.status(id)),
    pause: (id) => timed('pause', () => runtime.pause(id)),
    resume: (id) => timed('resume', () => runtime.resume(id)),
    update: (id, resources) => timed('update', () => runtime.update(id, resources)),
    pids: (id) => timed('pids', () => runtime.pids(id)),
  }
}
