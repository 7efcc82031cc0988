// SPDX-License-Identifier: Apache-2.0
import { compareApiVersions } from '../api-version.ts'

/** Content type of a stream with a terminal, and of every hijacked stream before API 1.42. @public */
export const rawStreamType = 'application/vnd.docker.raw-stream'

/** Content type of a stream whose stdout and stderr travel in frames. @public */
export const multiplexedStreamType = 'application/vnd.docker.multiplexed-stream'

/** The content type that a stream is announced with. @public */
export function streamContentType(apiVersion: string, tty: boolean): string {
  return tty || compareApiVersions(apiVersion, '1.42') < 0 ? rawStreamType : multiplexedStreamType
}

/**
 * The head of a hijacked reply: `101 UPGRADED` for a client that asked to upgrade, else the `200 OK` without length
 * or chunks that older clients read raw bytes after.
 *
 * @public
 */
export function upgradeHead(upgrade: boolean, contentType: string): string {
  return upgrade
    ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
    : `HTTP/1.1 200 OK\r\nContent-Type: ${rawStreamType}\r\n\r\n`
}
