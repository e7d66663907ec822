// What of Apache ECharts goes into reports. build.sh makes echarts.min.js from this.
export { init, version } from "echarts/core";
import { use } from "echarts/core";
import { LineChart, BarChart, ScatterChart, HeatmapChart, CustomChart } from "echarts/charts";
import { GridComponent, TooltipComponent, LegendComponent, DataZoomComponent, VisualMapComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
use([LineChart, BarChart, ScatterChart, HeatmapChart, CustomChart]);
use([GridComponent, TooltipComponent, LegendComponent, DataZoomComponent, VisualMapComponent, SVGRenderer]);
