"""Answers GET and POST on / with the letter x, `size` times: 1000 unless the query says otherwise."""

import asyncio

import tornado.web

PORT = 5000


class Letters(tornado.web.RequestHandler):
    def get(self):
        self.write("x" * int(self.get_argument("size", "1000")))

    post = get


async def main():
    tornado.web.Application([("/", Letters)]).listen(PORT)
    print(f"listening on port {PORT}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
