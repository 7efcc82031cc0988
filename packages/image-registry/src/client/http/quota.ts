// SPDX-License-Identifier: Apache-2.0

/**
 * What a registry says that its caller may still do, in the headers that Docker Hub made up: `RateLimit-Limit` and
 * `RateLimit-Remaining`, such as `100;w=21600`, and `Docker-RateLimit-Source`. What is counted is the registry's affair:
 * with Docker Hub it is pulls, as GETs of manifests, and asking what a tag names takes none.
 *
 * @public
 */
export interface RegistryQuota {
  /** How much is left, 0 or more. */
  remaining: number
  /** How much there is in all; `undefined` where the registry does not say so. */
  limit: number | undefined
  /** Seconds for which `limit` is. */
  windowSeconds: number | undefined
  /** For whom it is counted: an address for those who did not log in. At most 256 characters. */
  source: string | undefined
}

/** What an answer says of a quota, `undefined` when it says nothing that makes sense. @internal */
export function quotaOf(header: (name: string) => string | undefined): RegistryQuota | undefined {
  const left = parse(header('ratelimit-remaining'))
  if (left === undefined) return undefined
  const all = parse(header('ratelimit-limit'))
  return {
    remaining: left.count,
    limit: all?.count,
    windowSeconds: all?.seconds ?? left.seconds,
    source: header('docker-ratelimit-source')?.slice(0, 256),
  }
}

function parse(value: string | undefined): { count: number; seconds: number | undefined } | undefined {
  const [, count, seconds] = /^ *(\d{1,15})(?: *; *w=(\d{1,9}))? *$/.exec(value ?? '') ?? []
  if (count === undefined) return undefined
  return { count: Number(count), seconds: seconds === undefined ? undefined : Number(seconds) }
}

/** A quota in words: `9 of 100 in 6 hours are left for 192.0.2.1`. @internal */
export function describeQuota({ remaining, limit, windowSeconds, source }: RegistryQuota): string {
  const all = limit === undefined ? '' : ` of ${limit}`
  const time = windowSeconds === undefined ? '' : ` in ${describeSeconds(windowSeconds)}`
  // A registry chooses the text, and it goes to terminals.
  const whom = source === undefined || !/^[\w.:@/-]+$/.test(source) ? '' : ` for ${source}`
  return `${remaining}${all}${time} ${remaining === 1 ? 'is' : 'are'} left${whom}`
}

function describeSeconds(seconds: number): string {
  for (const [unit, length] of [
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = seconds / length
    if (Number.isInteger(count) && count > 0) return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
  }
  return `${seconds} s`
}
