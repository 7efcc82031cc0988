// SPDX-License-Identifier: Apache-2.0
import { joinHostPort } from '../../containers/ports.ts'
import { defineCommand } from '../../grammar/command.ts'
import { parseUnsigned } from '../../grammar/go-number.ts'

/** `port`: where the ports of a container are published. */
export const portCommand = defineCommand({
  path: 'container port',
  aliases: ['port'],
  summary: 'List port mappings or a specific mapping for the container',
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  flags: {},
  arguments: { min: 1, max: 2 },
  run: async (context, { args }) => {
    const [name, port] = args as [string, string?]
    const engine = await context.engine()
    const { NetworkSettings } = await engine.containerInspect(name, { signal: context.signal })
    const ports = NetworkSettings.Ports ?? {}
    if (port !== undefined) {
      const key = keyOf(port)
      const bindings = ports[key]
      if (!bindings) throw new Error(`Error: No public port '${port}' published for ${name}`)
      for (const { HostIp, HostPort } of bindings) context.print(joinHostPort(HostIp ?? '', HostPort ?? ''))
      return
    }
    const lines = Object.entries(ports).flatMap(([key, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${key} -> ${joinHostPort(HostIp ?? '', HostPort ?? '')}`),
    )
    for (const line of lines.sort(compareNaturally)) context.print(line)
  },
})

/** Orders runs of digits by their numbers and everything else by its characters. */
function compareNaturally(a: string, b: string): number {
  const left = a.split(/(\d+)/)
  const right = b.split(/(\d+)/)
  for (let part = 0; part < Math.min(left.length, right.length); part++) {
    const [x, y] = [left[part] as string, right[part] as string]
    const difference = part % 2 === 1 ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function keyOf(text: string): string {
  const [port, protocol = 'tcp'] = text.split('/') as [string, string?]
  try {
    parseUnsigned(port, 16)
  } catch (error) {
    throw new Error(`Error: invalid port (${text}): ${(error as Error).message}`, { cause: error })
  }
  return `${port}/${protocol || 'tcp'}`
}
