using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>Correctness before speed: the same images' embeddings on the provider and on the CPU in fp32.</summary>
internal static class GpuCheck
{
    private const int Batch = 8;

    /// <summary>True when every image's cosine reaches what the precision allows.</summary>
    public static bool Run(GpuArguments options)
    {
        double allowed = options.Precision == "fp32" ? 0.9999 : 0.999;
        var done = GpuRow.Try(
            new GpuRow { Work = "check", Network = options.Network, Precision = options.Precision, Batch = Batch, Allowed = allowed }, options, row =>
            {
                var images = ImageFolder.Open(options.Text("images")).Items.SelectMany(item => item.Images).Take(options.Number("count", 32)).ToArray();
                float[][] expected = Embeddings(options, images, onCpu: true), found = Embeddings(options, images, onCpu: false);
                double least = expected.Zip(found, Cosine).Min();
                return row with { Cosine = least, Note = $"{images.Length} images" };
            });
        return done.Cosine >= allowed;
    }

    private static float[][] Embeddings(GpuArguments options, ImageSource[] images, bool onCpu)
    {
        using var backbone = options.Load(Batch, onCpu);
        using var buffers = backbone.CreateBuffers();
        var rows = new List<float[]>();
        foreach (var some in images.Chunk(Batch))
        {
            for (int i = 0; i < some.Length; i++)
            {
                using var image = ImageDecoders.Default.Decode(File.ReadAllBytes(some[i].Path), some[i]);
                backbone.Preprocessing.Apply(image, buffers.Image(i), some[i].Name);
            }

            backbone.Run(buffers, some.Length);
            for (int i = 0; i < some.Length; i++)
            {
                rows.Add([.. backbone.Taps.SelectMany((_, tap) => buffers.OutputRow(tap, i).ToArray())]);
            }
        }

        return [.. rows];
    }

    // NaN where one embedding is zero or not finite: that passes no comparison, nor should it.
    private static double Cosine(float[] a, float[] b)
    {
        double Dot(float[] x, float[] y) => x.Zip(y, (u, v) => (double)u * v).Sum();
        return Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));
    }
}
