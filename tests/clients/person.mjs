// A person in a browser, as far as a program plays one: it keeps cookies, signs in as alice, and allows what is asked.
export class Person {
  #cookies = new Map()

  async send(url, form) {
    const headers = { cookie: [...this.#cookies].map((cookie) => cookie.join('=')).join('; ') }
    const body = form && new URLSearchParams(form)
    const response = await fetch(url, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split('=')
      this.#cookies.set(name, value)
    }
    return response
  }

  // Where the browser is sent.
  async follow(url, form) {
    return new URL((await this.send(url, form)).headers.get('location'), url)
  }

  // Where the application gets its answer.
  async approve(address) {
    const page = await this.follow(address)
    if (page.origin !== new URL(address).origin) return page
    await this.send(page, { answer: 'sign_in', username: 'alice', password: 'wonderland' })
    const response = await this.send(page)
    if (response.headers.has('location')) return new URL(response.headers.get('location'), page)
    return this.follow(page, { answer: 'allow' })
  }
}
