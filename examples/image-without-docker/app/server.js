// The web app that becomes an image. It knows nothing of images.
import { createServer } from 'node:http'

const server = createServer((_, response) => response.end('hello from an image that no daemon built\n'))
server.listen(8080, () => console.log('listening on 8080'))
process.once('SIGTERM', () => server.close())
