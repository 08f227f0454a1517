-- Un aviso por cada terremoto de magnitud 4.5 o más, en la consola y en alertas.log.

CREATE TABLE avisos USING alert OPTIONS (
  file 'alertas.log',
  console 'true',
  template '
╔{fill ═ 40}╗
║         ALERTA SISMICA{fill}║
╠{fill ═}╣
║ Magnitud: {magnitud}{fill}║
║ Lugar: {lugar}{fill}║
║ Hora: {hora}{fill}║
║ Coords: ({latitud}, {longitud}){fill}║
║ Profundidad: {profundidad} km{fill}║
╚{fill ═}╝
');

CREATE FLOW alertas AS INSERT INTO avisos BY NAME
SELECT magnitud,
       left(coalesce(lugar, 'lugar desconocido'), 120)                    AS lugar,
       coalesce(date_format(timestamp, 'yyyy-MM-dd HH:mm:ss'), 'desconocida') AS hora,
       coalesce(CAST(latitud AS STRING), '?')                             AS latitud,
       coalesce(CAST(longitud AS STRING), '?')                            AS longitud,
       coalesce(CAST(profundidad_km AS STRING), '?')                      AS profundidad
FROM STREAM sismos
WHERE magnitud >= 4.5;
