// A person in Chromium meets every page: without scripts, by the keyboard, on a phone, in the dark, with a screen reader's eyes.
// node pages.mjs ISSUER CHROMIUM
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium, devices } from 'playwright-core'

const [base, executablePath] = process.argv.slice(2)
const issuer = new URL(base).origin
const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })

// The application: it says what it was told.
const application = createServer(async (request, response) => {
  const body = await new Promise((resolve) => {
    let text = ''
    request.on('data', (part) => (text += part)).on('end', () => resolve(text))
  })
  response.end(`told ${request.method} ${request.url} ${body}`)
})
await new Promise((resolve) => application.listen(0, '127.0.0.1', resolve))
const callback = `http://127.0.0.1:${application.address().port}/callback`

function asks(more = {}) {
  const address = new URL('/oauth/authorize', issuer)
  const parameters = {
    client_id: 'demo-spa',
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid profile read offline_access',
    state: 'a"<b>',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...more,
  }
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
  return address.href
}

// What goes wrong in a page is told to nobody but the console; and nothing comes from elsewhere.
async function open(options = {}) {
  const context = await browser.newContext(options)
  const complaints = []
  context.on('console', (message) => {
    if (message.type() !== 'error') return
    // A browser says so of every page that is not 200.
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('request', (request) => {
    const { origin } = new URL(request.url())
    if (origin !== issuer && origin !== new URL(callback).origin) complaints.push(`asks ${origin}`)
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  return { context, page, complaints }
}

async function signIn(page, name = 'alice', password = 'wonderland') {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const told = (page) => page.locator('body').innerText()

async function isFound(page, found) {
  await page.getByRole('heading', { name: found, level: 1 }).waitFor()
}

try {
  // Whoever has no scripts misses nothing; the wrong password is told, and what was typed stays.
  {
    const { context, page, complaints } = await open({ javaScriptEnabled: false })
    await page.goto(asks())
    await signIn(page, 'alice', 'wrong')
    await page.getByRole('alert').waitFor()
    assert.equal(await page.getByLabel('Name').inputValue(), 'alice')
    await signIn(page)
    await isFound(page, 'Demo in a browser asks for access')
    for (const meaning of ['Know who you are', 'See your name', 'See what you keep there', 'Keep this access when you have signed out']) {
      await page.getByText(meaning).waitFor()
    }
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${callback}**`)
    const answer = new URL(page.url()).searchParams
    assert.deepEqual([...answer.keys()], ['code', 'state', 'iss'])
    assert.equal(answer.get('state'), 'a"<b>')
    // Back leads to a page that says so, and to no second code.
    await page.goBack()
    await isFound(page, 'This has been answered, or has waited too long')
    // A form that the browser has to send itself is one button.
    await page.goto(asks({ response_mode: 'form_post', prompt: 'consent' }))
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('button', { name: 'Back to the application' }).click()
    await page.waitForURL(callback)
    assert.match(await told(page), /told POST \/callback code=/)
    assert.deepEqual(complaints, [])
    await context.close()
  }

  // By the keyboard alone.
  {
    const { context, page, complaints } = await open()
    await page.goto(asks())
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await page.waitForFunction(() => document.activeElement.name === 'username')
    await page.keyboard.type('bob')
    await press('Tab')
    await page.keyboard.type('builder')
    await press('Enter')
    await isFound(page, 'Demo in a browser asks for access')
    await press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Allow')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)
    assert.notEqual(outline, 'none', 'where the keyboard is can be seen')
    await press('Enter')
    await page.waitForURL(`${callback}**`)
    // With scripts the form goes by itself.
    await page.goto(asks({ response_mode: 'form_post' }))
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(callback)
    assert.deepEqual(complaints, [])
    await context.close()
  }

  // Two tabs, and a button that is pressed twice: one answer each, and a page that says what happened.
  {
    const { context, page, complaints } = await open()
    await page.goto(asks({ client_id: 'demo-web' }))
    const other = await context.newPage()
    await other.goto(page.url())
    await signIn(page)
    await isFound(page, 'Demo on the web asks for access')
    await other.reload()
    await isFound(other, 'Demo on the web asks for access')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${callback}**`)
    await other.getByRole('button', { name: 'Allow' }).click()
    await isFound(other, 'This has been answered, or has waited too long')
    // No other site can send the form in the person's name.
    const forged = await context.newPage()
    await forged.goto(callback)
    await forged.evaluate((action) => {
      document.body.innerHTML = `<form method="post" action="${action}"><input name="answer" value="everything"></form>`
      document.forms[0].submit()
    }, `${issuer}/account`)
    await isFound(forged, 'This did not come from here')
    await page.goto(`${issuer}/account`)
    await isFound(page, 'Where you are signed in')
    assert.deepEqual(complaints, [])
    await context.close()
  }

  // What was ended is over, and the page says so.
  {
    const { context, page, complaints } = await open()
    await page.goto(`${issuer}/account`)
    await signIn(page)
    await isFound(page, 'Where you are signed in')
    await page.getByText('Demo in a browser').first().waitFor()
    await page.getByRole('button', { name: 'Disconnect Demo in a browser' }).click()
    await page.getByRole('status').getByText('Disconnected. It has to ask you again.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Disconnect Demo in a browser' }).count(), 0)
    await page.goto(`${issuer}/oauth/logout`)
    await isFound(page, 'Sign out?')
    await page.getByRole('button', { name: 'Stay signed in' }).click()
    await isFound(page, 'Where you are signed in')
    await page.getByRole('button', { name: 'End everything' }).click()
    await page.getByRole('status').getByText('Everything was ended.').waitFor()
    await isFound(page, 'Sign in')
    assert.deepEqual(complaints, [])
    await context.close()
  }

  // Every page, as it looks and as it is read out: wide and narrow, light and dark.
  const looks = [
    { colorScheme: 'light' },
    { colorScheme: 'dark' },
    { ...devices['iPhone SE'], defaultBrowserType: undefined, colorScheme: 'light' },
    { ...devices['iPhone SE'], defaultBrowserType: undefined, colorScheme: 'dark' },
  ]
  for (const look of looks) {
    // The audit is a script, which the pages' own policy would not let run.
    const { context, page } = await open({ ...look, bypassCSP: true })
    const audit = async (heading) => {
      await isFound(page, heading)
      const width = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
      assert.ok(width[0] <= width[1], `${heading} is wider than the screen`)
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => window.axe.run())
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
      assert.deepEqual(found, [], `${heading}, ${JSON.stringify(look)}`)
    }
    await page.goto(asks())
    await audit('Sign in')
    await signIn(page, 'alice', 'wrong')
    await audit('Sign in')
    await signIn(page)
    await audit('Demo in a browser asks for access')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${callback}**`)
    await page.goto(`${issuer}/account`)
    await audit('Where you are signed in')
    await page.goto(`${issuer}/oauth/logout?client_id=demo-web`)
    await audit('Sign out?')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await audit('You are signed out')
    await page.goto(`${issuer}/account`)
    await audit('Sign in')
    await page.goto(asks({ client_id: 'nobody' }))
    await audit('This application is not known here')
    await page.goto(asks({ redirect_uri: 'https://evil.example/' }))
    await audit('This request cannot be answered')
    assert.equal(new URL(page.url()).origin, issuer, 'nobody is sent to where nothing is registered')
    await page.goto(`${issuer}/login/nothing`)
    await audit('This has been answered, or has waited too long')
    await context.close()
  }
} finally {
  await browser.close()
  application.close()
}

console.log('all as it should be')
