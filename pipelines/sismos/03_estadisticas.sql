-- Ventanas de 5 minutos del tiempo del terremoto: cuántos, magnitud media y máxima.
-- Un día de espera: el USGS publica algunos terremotos horas después.

-- La tabla viva que muestra la página; se consulta con SELECT * FROM estadisticas.
CREATE TABLE estadisticas USING memory OPTIONS (
  outputMode 'update',
  key 'ventana');

CREATE FLOW estadisticas AS INSERT INTO estadisticas BY NAME
SELECT window(timestamp, '5 minutes') AS ventana,
       count(*)                       AS sismos,
       avg(magnitud)                  AS magnitud_media,
       max(magnitud)                  AS magnitud_maxima
FROM STREAM sismos WATERMARK timestamp DELAY OF INTERVAL 1 DAY
GROUP BY window(timestamp, '5 minutes');

CREATE TABLE consola USING console OPTIONS (
  outputMode 'update',
  truncate 'false',
  skipEmpty 'true');

CREATE FLOW estadisticas_consola AS INSERT INTO consola BY NAME
SELECT window(timestamp, '5 minutes') AS ventana,
       count(*)                       AS sismos,
       avg(magnitud)                  AS magnitud_media,
       max(magnitud)                  AS magnitud_maxima
FROM STREAM sismos WATERMARK timestamp DELAY OF INTERVAL 1 DAY
GROUP BY window(timestamp, '5 minutes');
