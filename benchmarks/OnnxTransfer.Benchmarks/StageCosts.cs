using System.Diagnostics;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// stages BACKBONE FOLDER: what each stage of embedding costs when it has the machine for itself, from which follows the rate that no
/// overlap can beat. Prints one JSON line; benchmarks/throughput.py holds the pipeline against it.
/// </summary>
internal static class StageCosts
{
    private const int Rounds = 7;

    public static int Run(string backboneName, string folder)
    {
        using var backbone = Backbone.Load(backboneName, ExecutionProvider.Cpu);
        var images = ImageFolder.Open(folder).Items.SelectMany(item => item.Images).Take(64).ToArray();
        double infer = Math.Min(Infer(backbone), InferSideBySide(backbone));
        var (read, prepare) = Prepare(backbone.Preprocessing, images);
        int cores = Environment.ProcessorCount;
        Console.WriteLine(new JsonObject
        {
            ["cores"] = cores,
            ["readMs"] = read,
            ["prepareMs"] = prepare,
            ["inferMs"] = infer,
            ["batch"] = backbone.BatchSize,
            ["imagesPerSecondAllowed"] = 1000 / (infer + ((read + prepare) / cores)),
        }.ToJsonString());
        return 0;
    }

    /// <summary>Milliseconds an image, all cores on it, pixels in memory.</summary>
    private static double Infer(Backbone backbone)
    {
        using var buffers = backbone.CreateBuffers();
        for (int i = 0; i < buffers.BatchSize; i++)
        {
            Photo.Scene(backbone.PixelWidth, backbone.PixelHeight, i).CopyTo(buffers.Image(i));
        }

        backbone.Run(buffers, buffers.BatchSize);
        return Median(() => backbone.Run(buffers, buffers.BatchSize)) / buffers.BatchSize;
    }

    /// <summary>The same with a run of its own on every core, which is how many are embedded.</summary>
    private static double InferSideBySide(Backbone backbone)
    {
        var session = backbone.SessionFor(TapSet.First(backbone.Taps.Count)).Session;
        int runs = Environment.ProcessorCount, batch = backbone.BatchSize;
        var buffers = Enumerable.Range(0, runs).Select(_ => session.CreateBuffers(batch)).ToArray();
        foreach (var one in buffers)
        {
            for (int i = 0; i < batch; i++)
            {
                Photo.Scene(backbone.PixelWidth, backbone.PixelHeight, i).CopyTo(one.Image(i));
            }
        }

        void All() => Array.ForEach([.. buffers.Select(one => StartRun(session, one, batch))], thread => thread.Join());
        All();
        double milliseconds = Median(All) / (runs * batch);
        Array.ForEach(buffers, one => one.Dispose());
        return milliseconds;
    }

    private static Thread StartRun(OnnxSession session, BatchBuffers buffers, int count)
    {
        var thread = new Thread(() => session.Run(buffers, count));
        thread.Start();
        return thread;
    }

    /// <summary>Milliseconds an image on one thread: reading the file; decoding, resizing and cropping it.</summary>
    private static (double Read, double Prepare) Prepare(PixelPreprocessing preprocessing, ImageSource[] images)
    {
        byte[] pixels = new byte[preprocessing.ByteCount];
        byte[][] files = [];
        double read = Median(() => files = Array.ConvertAll(images, image => File.ReadAllBytes(image.Path)));
        double prepare = Median(() =>
        {
            for (int i = 0; i < images.Length; i++)
            {
                using var image = ImageDecoders.Default.Decode(files[i], images[i].Path);
                preprocessing.Apply(image, pixels);
            }
        });
        return (read / images.Length, prepare / images.Length);
    }

    private static double Median(Action work)
    {
        double[] times = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[Rounds / 2];
    }
}
