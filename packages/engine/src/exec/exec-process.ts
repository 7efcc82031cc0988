// SPDX-License-Identifier: Apache-2.0
import type { ExecCreateBody } from '@teu/engine-api'
import type { LinuxCapabilities, Process } from '@teu/oci-spec/runtime'
import type { ResolvedUser } from '../spec/user.ts'

/** What an added process is made from. */
export interface ExecProcessInput {
  /** The process that the container was started with. */
  readonly container: Process
  readonly request: ExecCreateBody
  readonly tty: boolean
  readonly consoleSize?: readonly number[] | undefined
  /** Undefined keeps the container's own user. */
  readonly user: ResolvedUser | undefined
  /** What `--privileged` gives. */
  readonly allCapabilities: readonly string[]
}

/** The OCI process of an exec: the container's own, with what the request says over it. */
export function execProcess(input: ExecProcessInput): Process {
  const { container, request, tty, user } = input
  const [height = 0, width = 0] = input.consoleSize ?? []
  const { consoleSize: _, terminal: __, user: ownUser, capabilities: ownCapabilities, ...inherited } = container
  const resolved = user ?? ownUser
  const capabilities = capabilitiesOf(input, ownCapabilities, resolved.uid)
  return {
    ...inherited,
    ...(tty ? { terminal: true } : {}),
    ...(tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: { uid: resolved.uid, gid: resolved.gid, additionalGids: resolved.additionalGids ?? [] },
    args: request.Cmd ?? [],
    env: mergeEnvironment(container.env ?? [], tty ? ['TERM=xterm'] : [], request.Env ?? []),
    cwd: request.WorkingDir || container.cwd,
    ...(capabilities ? { capabilities } : {}),
  }
}

function capabilitiesOf(
  { request, container, allCapabilities, user }: ExecProcessInput,
  own: LinuxCapabilities | undefined,
  uid: number,
): LinuxCapabilities | undefined {
  if (!request.Privileged && user === undefined) return own
  const bounding = request.Privileged ? [...allCapabilities] : (container.capabilities?.bounding ?? [])
  // Another user than root keeps the bounding set alone, as the container's own process does.
  return uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding }
}

/** Later lists override earlier ones; a name without `=` removes the variable. */
function mergeEnvironment(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string | undefined>()
  for (const entry of lists.flat()) {
    const at = entry.indexOf('=')
    if (at < 0) merged.delete(entry)
    else merged.set(entry.slice(0, at), entry)
  }
  return [...merged.values()].filter((entry) => entry !== undefined)
}
