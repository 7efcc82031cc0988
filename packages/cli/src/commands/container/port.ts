// SPDX-License-Identifier: Apache-2.0
import { joinHostPort } from '../../containers/ports.ts'
import { defineCommand } from '../../grammar/command.ts'

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
      if (!bindings) throw new Error(`no public port '${port}' published for ${name}`)
      for (const { HostIp, HostPort } of bindings) context.print(joinHostPort(HostIp ?? '', HostPort ?? ''))
      return
    }
    const lines = Object.entries(ports).flatMap(([key, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${key} -> ${joinHostPort(HostIp ?? '', HostPort ?? '')}`),
    )
    const naturally = new Intl.Collator('en', { numeric: true })
    for (const line of lines.sort(naturally.compare)) context.print(line)
  },
})

function keyOf(text: string): string {
  const [port, protocol = 'tcp'] = text.split('/') as [string, string?]
  if (!/^[0-9]+$/.test(port) || Number(port) > 65535) throw new Error(`invalid port format: ${text}`)
  return `${port}/${protocol || 'tcp'}`
}
