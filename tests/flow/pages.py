"""The gateway's pages in Debian's Chromium."""
import json
import os

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

from fleet import BUILD
from servers import packages
from until import until

PICTURES = BUILD / "pictures"


class Page:
    """A window, on the pages of one gateway."""

    def __init__(self, base, dark=False, width=1280, height=860):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                     "--hide-scrollbars", *(["--no-sandbox"] if os.getuid() == 0 else [])):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.base = base
        self.driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        self.look(width, height, dark)

    def look(self, width, height, dark=False):
        """As a screen of that size shows it; a phone's is narrower than a window can be."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, path):
        self.driver.get(self.base + path)

    def at(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What is there now; a page may draw it anew at any moment."""
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def shows(self, selector, text):
        until(lambda: text in self.text(selector), f"'{text}' in {selector}: {self.text(selector)}")

    def type(self, selector, text):
        self.at(selector).send_keys(text)

    def press(self, key):
        """When the page is done with what it does: it does one thing at a time."""
        until(lambda: self.at("body").get_attribute("aria-busy") is None, "a page at rest")
        self.at("body").send_keys(key)

    def enter(self, selector, text):
        self.type(selector, text + Keys.ENTER)

    def picture(self, name):
        """The window as it is; the whole page when it is longer."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def overflows(self):
        """How far the page is wider than its window: a phone would have to be pushed about."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def faults(self):
        """What axe finds that is serious, and what the browser complains of."""
        axe = packages("axe") / "node_modules/axe-core/axe.min.js"
        self.driver.execute_script(axe.read_text())
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document).then((r) => done(r.violations))")
        grave = [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"][:3]])
                 for v in found if v["impact"] in ("serious", "critical")]
        logged = [entry["message"] for entry in self.driver.get_log("browser")
                  if entry["level"] == "SEVERE" and "401" not in entry["message"]
                  and "409" not in entry["message"]]
        return grave + logged

    def stored(self):
        return json.loads(self.driver.execute_script("return JSON.stringify({...localStorage})"))

    def close(self):
        self.driver.quit()
