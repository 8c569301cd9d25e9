using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Benchmarks;

/// <summary>A folder of images to embeddings on disk: read, decoded, resized, run and written, into a fresh cache each time.</summary>
internal static class GpuEmbed
{
    public static void Run(GpuArguments options)
    {
        int batch = options.Number("batch", 64);
        GpuRow.Try(new GpuRow { Work = options.Text("work"), Network = options.Network, Precision = options.Precision, Batch = batch }, options, row =>
        {
            string place = Path.GetFullPath(options.Text("backbone")) + ".cache";
            var dataset = ImageFolder.Open(options.Text("images"));
            using var backbone = options.Load(batch);
            var settings = new EmbedSettings { Jpeg = options.Jpeg };

            EmbedReport Embedded()
            {
                try
                {
                    using var cache = EmbeddingCache.Open(place);
                    return Embedder.Run(backbone, dataset, cache, settings).Report;
                }
                finally
                {
                    Directory.Delete(place, recursive: true);
                }
            }

            Embedded(); // reads the files into the system's cache and searches algorithms
            double from = GpuRow.Now;
            var reports = Enumerable.Range(0, options.Number("repeats", 3)).Select(_ => Embedded()).OrderBy(report => report.ImagesPerSecond).ToArray();
            var median = reports[reports.Length / 2];
            var stages = median.Stages.Select(stage => $"{stage.Name} {stage.BusySeconds:0.00}");
            return row with
            {
                ImagesPerSecond = median.ImagesPerSecond,
                From = from,
                To = GpuRow.Now,
                Note = $"limited by {median.Bottleneck?.Split(':')[0]}; busy seconds of {median.Seconds:0.00}, all threads together: {string.Join(", ", stages)}",
            };
        });
    }
}
