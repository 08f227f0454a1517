-- Del servicio del USGS al topic `sismos`: cada terremoto una sola vez.

-- El feed es GeoJSON: coordinates es [longitud, latitud, profundidad] y time son
-- milisegundos desde 1970. La magnitud puede faltar. Una hora imposible queda en NULL: una
-- sola del futuro movería la marca de agua y daría por tardío todo lo demás.
CREATE TABLE usgs (
  id STRING,
  properties STRUCT<mag: DOUBLE, place: STRING, time: BIGINT, tsunami: INT>,
  geometry STRUCT<coordinates: ARRAY<DOUBLE>>)
USING http OPTIONS (
  url '${USGS_URL:-https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_hour.geojson}',
  interval '${USGS_INTERVAL:-30 seconds}',
  rows 'features',
  key 'id');

CREATE TABLE sismos (
  id STRING,
  magnitud DOUBLE,
  lugar STRING,
  latitud DOUBLE,
  longitud DOUBLE,
  profundidad_km DOUBLE,
  timestamp TIMESTAMP,
  tsunami BOOLEAN)
USING kafka OPTIONS (
  subscribe 'sismos',
  startingOffsets 'earliest',
  format 'json',
  key 'id',
  ignoreNullFields 'false');

CREATE FLOW ingesta AS INSERT INTO sismos BY NAME
SELECT id,
       properties.mag                     AS magnitud,
       properties.place                   AS lugar,
       get(geometry.coordinates, 1)       AS latitud,
       get(geometry.coordinates, 0)       AS longitud,
       get(geometry.coordinates, 2)       AS profundidad_km,
       CASE WHEN properties.time BETWEEN -62135596800000 AND unix_millis(current_timestamp()) + 86400000
            THEN timestamp_millis(properties.time) END AS timestamp,
       coalesce(properties.tsunami, 0) = 1 AS tsunami
FROM STREAM usgs;
