/** How each engine is told where downloads go, without asking; WebKit's test browser asks. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By engine: a function of the folder for downloads and of a folder for the profile, which gives options of `runPage()`. */
export const downloadSettings = {
  firefox: (folder) => ({
    preferences: {
      'browser.download.folderList': 2,
      'browser.download.dir': folder,
      'browser.download.useDownloadDir': true,
      'browser.download.manager.showWhenStarting': false,
      'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream,text/csv',
      'browser.download.alwaysOpenPanel': false,
    },
  }),
  chromium(folder, profile) {
    mkdirSync(join(profile, 'Default'), { recursive: true });
    writeFileSync(
      join(profile, 'Default/Preferences'),
      JSON.stringify({
        download: { default_directory: folder, prompt_for_download: false },
        profile: { default_content_setting_values: { automatic_downloads: 1 } },
      }),
    );
    return { args: [`--user-data-dir=${profile}`] };
  },
};
