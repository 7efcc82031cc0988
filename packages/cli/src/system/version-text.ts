// SPDX-License-Identifier: Apache-2.0
import type { VersionResult } from '@teu/engine-api'

/** What the client says about itself; the names are those that templates know. */
export interface ClientVersion {
  readonly Version: string
  readonly ApiVersion: string
  readonly DefaultAPIVersion: string
  readonly GitCommit: string
  /** The language runtime: here Node's version. */
  readonly GoVersion: string
  readonly Os: string
  readonly Arch: string
  readonly BuildTime: string
  readonly Context: string
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const days = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')

/** An RFC 3339 time as `Fri May 30 12:07:14 2025`; what is none is returned as it is. */
function formatBuildTime(text: string): string {
  const date = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(date.getTime())) return text
  const day = String(date.getUTCDate()).padStart(2)
  const clock = date.toISOString().slice(11, 19)
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()}`
}

/** The engine's answer with build times as people read them. */
export function withReadableTimes(server: VersionResult): VersionResult {
  const Components = (server.Components ?? []).map((component) => {
    const { Details } = component
    if (!Details?.BuildTime) return component
    return { ...component, Details: { ...Details, BuildTime: formatBuildTime(Details.BuildTime) } }
  })
  return { ...server, Components }
}

/** Both sides' versions as a page. */
export function versionText(client: ClientVersion, server: VersionResult | undefined): string {
  const own: [string, string][] = [
    ['Version', client.Version],
    ['API version', client.ApiVersion + downgraded(client)],
    ['Node version', client.GoVersion],
    ['Git commit', client.GitCommit],
    ['Built', client.BuildTime],
    ['OS/Arch', `${client.Os}/${client.Arch}`],
    ['Context', client.Context],
  ]
  const sections = ['Client:', ...rows(own, ' ')]
  if (!server) return sections.join('\n')
  return [
    ...sections,
    '',
    `Server:${server.Platform?.Name ? ` ${server.Platform.Name}` : ''}`,
    ...components(server),
  ].join('\n')
}

function downgraded({ ApiVersion, DefaultAPIVersion }: ClientVersion): string {
  return ApiVersion === DefaultAPIVersion ? '' : ` (downgraded from ${DefaultAPIVersion})`
}

function rows(pairs: readonly [string, string][], indent: string): string[] {
  return pairs.filter(([, value]) => value !== '').map(([name, value]) => `${indent}${`${name}:`.padEnd(18)} ${value}`)
}

function components({ Components }: VersionResult): string[] {
  return Components.flatMap(({ Name, Version, Details = {} }) => {
    const details = Name === 'Engine' ? engineDetails(Details) : Object.entries(Details).sort()
    const wanted = details.filter((pair): pair is [string, string] => pair[1] !== undefined)
    return [` ${Name}:`, ...rows([['Version', Version], ...wanted], '  ').map((row) => row.replace(/: {2}/, ': '))]
  })
}

function engineDetails(details: Record<string, string>): [string, string | undefined][] {
  const minimum = details.MinAPIVersion ? ` (minimum version ${details.MinAPIVersion})` : ''
  return [
    ['API version', details.ApiVersion && details.ApiVersion + minimum],
    ['Go version', details.GoVersion],
    ['Git commit', details.GitCommit],
    ['Built', details.BuildTime],
    ['OS/Arch', `${details.Os ?? ''}/${details.Arch ?? ''}`],
    ['Experimental', details.Experimental],
  ]
}
