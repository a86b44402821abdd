// Everything a page may need, in one request graph. Each module does nothing where its elements are absent.
import "./page.js";
import "./forms.js";
import "./sortable.js";
import "./stack.js";
import "./gridinput.js";
import "./dumbbell.js";
import "./bars.js";
import "./heat.js";
import "./tiles.js";
import "./timeline.js";
import "./lorenz.js";
