/* Pages work without this file; with it they are a little kinder. */
"use strict";
