// Tells the viewer what to draw, and to ask nobody else for anything.
document.getElementById("api-reference").dataset.configuration = JSON.stringify({
  url: "/openapi.json",
  withDefaultFonts: false,
  hideClientButton: true,
  telemetry: false,
});
