using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Backbones;

/// <summary>
/// A backbone on its way to int8: its float32 network up to the taps, the ranges its activations took on calibration images,
/// and the int8 networks made of them.
/// </summary>
internal sealed class BackboneQuantizer
{
    private const string Pixels = "observed_pixels";

    // Images of a run; more gains nothing on a CPU.
    private const int Together = 8;

    private readonly CatalogueEntry _entry;
    private readonly OnnxModel _network;
    private readonly BackboneTap[] _taps;
    private readonly Dictionary<string, ActivationHistogram> _histograms;
    private readonly int _threads;

    private BackboneQuantizer(CatalogueEntry entry, OnnxModel network, int threads)
    {
        (_entry, _network, _threads) = (entry, network, threads);
        _taps = TapChoice.Of(entry.Description, new BackboneSettings());
        Plan = Int8Plan.Of(network);
        _histograms = Plan.Observed.ToDictionary(tensor => tensor, _ => new ActivationHistogram(), StringComparer.Ordinal);
    }

    /// <summary>What computes in int8 where no layer is kept.</summary>
    public Int8Plan Plan { get; }

    public BackboneDescription Description => _entry.Description;

    public string ModelPath => _entry.ModelPath;

    /// <summary>Reads a backbone, by name or path, cuts it at its taps and folds its batch norms.</summary>
    /// <exception cref="OnnxTransferException">It is not there, or cannot be quantised.</exception>
    public static BackboneQuantizer Open(string nameOrPath, BackboneCatalogue? catalogue = null, int threads = 0)
    {
        var entry = (catalogue ?? BackboneCatalogue.Default).Find(nameOrPath);
        var about = entry.Description;
        var (model, _) = ModelFile.Read(entry);
        var network = Cut.At(TapGraph.Batched(model, about.Input, entry.DescriptionPath), [.. about.Taps.Select(tap => tap.Tensor).Distinct()]);
        return new(entry, BatchNormFolding.Fold(network), threads);
    }

    /// <summary>
    /// Runs the float32 network over the images, H x W x 3 bytes each, with its inner tensors as outputs: once for their
    /// smallest and largest values, and again for histograms where <paramref name="method"/> wants them.
    /// </summary>
    /// <exception cref="BackboneException">The network gives no finite numbers for them.</exception>
    public void Calibrate(IReadOnlyList<byte[]> images, CalibrationMethod method, CancellationToken cancellation = default)
    {
        var (input, preprocessing) = (Description.Input, Description.Preprocessing);
        var graph = PixelInput.Prepend(
            _network, input.Tensor, input.Height, input.Width, preprocessing.Mean, preprocessing.Std, input.Channels, input.Layout, Pixels);
        graph = Cut.At(graph, Plan.Observed);
        using var session = Open(input.Batch > 0 ? BatchDimension.Fix(graph, input.Batch) : graph);
        Pass((histogram, values) => histogram.Watch(values));
        if (_histograms.FirstOrDefault(pair => !pair.Value.IsFinite).Key is { } tensor)
        {
            throw new BackboneException($"{ModelPath}: tensor '{tensor}' has values that are not finite on the calibration images; expected finite ones: "
                + "look at mean and std of its description, and at its weights");
        }

        if (method != CalibrationMethod.MinMax)
        {
            Pass((histogram, values) => histogram.Count(values));
        }

        void Pass(Action<ActivationHistogram, float[]> take)
        {
            // One image at a time: of a large network, its inner tensors are 50 MB an image.
            foreach (var (batch, _) in Batches(images, 1))
            {
                cancellation.ThrowIfCancellationRequested();
                var values = session.Run(new Dictionary<string, TensorValue> { [Pixels] = batch });
                Parallel.ForEach(_histograms, pair => take(pair.Value, values[pair.Key].Floats));
            }
        }
    }

    /// <summary>The network in int8, but for the layers of <paramref name="keep"/>.</summary>
    public OnnxModel Convert(CalibrationMethod method, double percentile, IReadOnlyCollection<string> keep, bool reduceRange) =>
        Int8Precision.Convert(Int8Plan.Of(_network, keep), Ranges(method, percentile), reduceRange);

    /// <summary>
    /// How much the embeddings of <paramref name="images"/> gain from each layer's staying in float32 alone: the mean of
    /// 1 - cosine with float32's, against that of keeping none. Most first.
    /// </summary>
    public IReadOnlyList<(string Layer, double Gain)> Sensitivity(
        IReadOnlyList<byte[]> images, CalibrationMethod method, double percentile, IReadOnlyCollection<string> keep, bool reduceRange, CancellationToken cancellation = default)
    {
        var expected = Embed(_network, images);
        var none = Distance(keep);
        return [.. Plan.Layers.Where(layer => layer.Stays is null && !keep.Contains(layer.Name))
            .Select(layer => (layer.Name, none - Distance([.. keep, layer.Name])))
            .OrderByDescending(pair => pair.Item2)];

        double Distance(IReadOnlyCollection<string> kept)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Plan.Layers.Where(layer => layer.Stays is null).All(layer => kept.Contains(layer.Name)))
            {
                return 0;
            }

            var found = Embed(Convert(method, percentile, kept, reduceRange), images);
            return expected.Zip(found, (e, f) => 1 - GoldenDescription.Compare(e, f).Cosine).Average();
        }
    }

    /// <summary>Writes the network to <paramref name="path"/>, which ends in .onnx, and its description beside it.</summary>
    public void Write(OnnxModel network, string path, string name, string how)
    {
        network.Save(path);
        var about = Description;
        DescriptionWriter.Write(
            about with
            {
                Name = name,
                File = Path.GetFileName(path),
                Sha256 = ModelFile.Hash(path),
                Obtain = "",
                Source = about.Source.Length > 0 ? $"{about.Source} {how}" : how,
                Precision = "int8",
                Golden = null,
            },
            Path.ChangeExtension(path, ".json"), overwrite: true);
    }

    private Dictionary<string, ValueRange> Ranges(CalibrationMethod method, double percentile) =>
        _histograms.AsParallel().Select(pair => (pair.Key, Range: RangeChoice.Of(pair.Value, method, percentile))).ToDictionary(r => r.Key, r => r.Range);

    private List<float[]> Embed(OnnxModel network, IReadOnlyList<byte[]> images)
    {
        var graph = TapGraph.Joined(TapGraph.Of(network, _entry, _taps, Precision.Fp32), _taps, Description.Input, l2Normalize: false);
        using var session = Open(graph);
        var rows = new List<float[]>();
        foreach (var (batch, count) in Batches(images, Together))
        {
            var values = session.Run(new Dictionary<string, TensorValue> { [PixelInput.Name] = batch })[graph.Outputs[0].Name];
            var width = (int)values.Shape[1];
            rows.AddRange(Enumerable.Range(0, count).Select(i => values.Floats[(i * width)..((i + 1) * width)]));
        }

        return rows;
    }

    /// <summary>The images in runs of <paramref name="together"/>, or of the one number the graph takes, filled up with the first ones.</summary>
    private IEnumerable<(TensorValue Batch, int Count)> Batches(IReadOnlyList<byte[]> images, int together)
    {
        var input = Description.Input;
        for (var start = 0; start < images.Count; start += together)
        {
            together = input.Batch > 0 ? input.Batch : Math.Min(together, images.Count - start);
            var bytes = Enumerable.Range(start, together).SelectMany(i => images[i % images.Count]).ToArray();
            yield return (TensorValue.OfBytes(bytes, together, input.Height, input.Width, 3), Math.Min(together, images.Count - start));
        }
    }

    private OnnxSession Open(OnnxModel graph) => OnnxSession.Open(graph, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = _threads });
}
