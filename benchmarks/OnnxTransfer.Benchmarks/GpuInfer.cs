using System.Diagnostics;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// Pixels to embeddings: uint8 NHWC pixels that lie on the device already, or in the host's memory; the embeddings end in
/// the host's memory either way. One batch in flight, then two, each on a thread of its own; the faster is the row. A CUDA
/// graph has memory of its own, which is filled from the host, and its runs take turns: one batch in flight.
/// </summary>
internal static class GpuInfer
{
    private const int Windows = 3;

    public static void Run(GpuArguments options)
    {
        foreach (int batch in options.Batches)
        {
            Backbone? backbone = null;
            Backbone Loaded() => backbone ??= options.Load(batch);
            try
            {
                if (!options.Graph)
                {
                    Measure(options, "device", batch, () => OnDevice(Loaded()));
                }

                Measure(options, "host", batch, () => FromHost(Loaded()));
            }
            finally
            {
                backbone?.Dispose();
            }
        }
    }

    private static void Measure(GpuArguments options, string work, int batch, Func<(Action Run, IDisposable Owned)> lane) => GpuRow.Try(
        new GpuRow { Work = work, Network = options.Network, Precision = options.Precision, Batch = batch }, options, row =>
        {
            var lanes = new List<(Action Run, IDisposable Owned)>();
            try
            {
                var best = row;
                for (int flights = 1; flights <= (options.Graph ? 1 : 2); flights++)
                {
                    lanes.Add(lane());
                    WarmUp(lanes[^1].Run, options.Seconds / 2);
                    double from = GpuRow.Now, rate = Rate([.. lanes.Select(l => l.Run)], batch, options.Seconds / Windows);
                    if (!(best.ImagesPerSecond >= rate))
                    {
                        best = row with { ImagesPerSecond = rate, From = from, To = GpuRow.Now, Note = $"{flights} in flight{(options.Graph ? ", CUDA graph" : "")}" };
                    }
                }

                return best;
            }
            finally
            {
                lanes.ForEach(l => l.Owned.Dispose());
            }
        });

    // The first run searches algorithms for its shape; a second batch in flight finds them.
    private static void WarmUp(Action run, double seconds)
    {
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < 3 || (i < 100 && clock.Elapsed.TotalSeconds < seconds); i++)
        {
            run();
        }
    }

    /// <summary>Images per second of all lanes together, the median of three windows.</summary>
    private static double Rate(Action[] lanes, int batch, double seconds)
    {
        double[] rates = new double[Windows];
        for (int i = 0; i < Windows; i++)
        {
            long runs = 0;
            var clock = Stopwatch.StartNew();
            void Repeat(Action run)
            {
                do
                {
                    run();
                    Interlocked.Increment(ref runs);
                }
                while (clock.Elapsed.TotalSeconds < seconds);
            }

            // The first stays on this thread, with which a recorded graph is kept.
            var others = lanes.Skip(1).Select(run => Task.Factory.StartNew(
                () => Repeat(run), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            Repeat(lanes[0]);
            Task.WhenAll(others).GetAwaiter().GetResult();
            rates[i] = batch * runs / clock.Elapsed.TotalSeconds;
        }

        return rates.Order().ElementAt(Windows / 2);
    }

    private static (Action Run, IDisposable Owned) OnDevice(Backbone backbone)
    {
        int batch = backbone.BatchSize;
        byte[] pixels = new byte[3 * batch * backbone.PixelHeight * backbone.PixelWidth];
        Fill(pixels);
        var session = backbone.SessionFor(TapSet.First(backbone.Taps.Count)).Session;
        var resident = new Dictionary<string, TensorValue> { [session.Inputs[0].Name] = TensorValue.OfBytes(pixels, batch, backbone.PixelHeight, backbone.PixelWidth, 3) };
        var outputs = backbone.Taps.ToDictionary(tap => tap.OutputName, tap => TensorValue.Of(new float[batch * tap.Width], batch, tap.Width));
        var bound = session.Bind(resident, outputs);
        return (() => bound.Run(new Dictionary<string, TensorValue>()), bound);
    }

    private static (Action Run, IDisposable Owned) FromHost(Backbone backbone)
    {
        var buffers = backbone.CreateBuffers();
        Fill(buffers.Bytes);
        return (() => backbone.Run(buffers, buffers.BatchSize), buffers);
    }

    private static void Fill(Span<byte> pixels)
    {
        var random = new SeededRandom(1);
        foreach (ref byte value in pixels)
        {
            value = (byte)random.NextInt(256);
        }
    }
}
