// A person in Chromium at an application that is protected by mod_auth_openidc: signs in, signs out there, and signs out here.
// node relying_party.mjs ISSUER APPLICATION CHROMIUM
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const [issuer, application, executablePath] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await browser.newPage()
page.setDefaultTimeout(20_000)

const text = () => page.locator('body').innerText()

try {
  await page.goto(`${application}/here/`)
  assert.equal(new URL(page.url()).origin, new URL(issuer).origin, 'whoever is not signed in is sent to sign in')
  assert.match(await text(), /The Library/)
  await page.getByLabel('Name').fill('alice')
  await page.getByLabel('Password').fill('wonderland')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${application}/here/`)
  assert.match(await text(), /Welcome to the reading room/)

  // The application signs her out here as well.
  await page.goto(`${application}/here/redirect?logout=${encodeURIComponent(`${application}/bye.html`)}`)
  await page.waitForURL(/bye\.html/)
  assert.match(await text(), /Good bye from Apache/)
  await page.goto(`${issuer}/account`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()

  // She signs in again, here, and the application lets her in without a word: she has allowed it.
  await page.getByLabel('Name').fill('alice')
  await page.getByLabel('Password').fill('wonderland')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor()
  await page.goto(`${application}/here/`)
  assert.match(await text(), /Welcome to the reading room/)

  // She signs out here, and the application hears of it.
  await page.goto(`${issuer}/oauth/logout`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await until('the application has heard of it', async () => {
    await page.goto(`${application}/here/`)
    return new URL(page.url()).origin === new URL(issuer).origin
  })
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
} finally {
  await browser.close()
}

console.log('all as it should be')

async function until(what, holds) {
  for (let round = 0; round < 200; round++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(what)
}
