using OnnxTransfer.Backbones;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// The trained part of a network with a linear head behind it. It reads a row an image: the values of the frozen part's last tensor,
/// then the vectors of those taps in use that lie before it; or pixels, where nothing is frozen.
/// </summary>
internal sealed class SuffixNetwork
{
    /// <summary>The input, float [N, <see cref="RowWidth"/>].</summary>
    public const string Activations = "cached_activations";

    /// <summary>The whole embedding, float [N, D], as the backbone gives it.</summary>
    public const string Embedding = "embedding_of_part";

    /// <summary>The output, float [N, k], before any activation.</summary>
    public const string Outputs = "outputs_of_head";

    private const string HeadHint = "head_weights";
    private const string BiasHint = "head_bias";

    private readonly OnnxModel _toEmbedding;
    private readonly int _width;

    private SuffixNetwork(BackboneNetwork network, FrozenEnd frozen, OnnxModel folded)
    {
        (Frozen, Folded) = (frozen, folded);
        Taps = network.Backbone.Taps;
        _width = network.Backbone.Width;
        FrozenTap = frozen.Tensor is { } tensor ? network.WholeTap(tensor, "frozen-part") : null;
        var part = FrozenTap is null ? folded : Behind(folded, FrozenTap.Tensor);
        FrozenTaps = [.. FindFrozen(part, network.Backbone.Description.Input.Tensor)];
        string[] trained = [.. Taps.Where(tap => !FrozenTaps.Contains(tap)).Select(tap => tap.Tensor).Distinct()];
        part = trained.Length == 0 ? part : Cut.At(part, trained);
        if (trained.Length == 0 || (FrozenTap is not null && part.Inputs.Any(input => input.Name != FrozenTap.Tensor)))
        {
            throw new TrainingException($"{network.Model.Source}: the taps in use do not all follow from '{frozen.Tensor}' alone; expected a tensor that everything passes: "
                + $"unfreeze from one of {string.Join(", ", network.Stages.Select(stage => $"'{stage.Name}'"))} on");
        }

        Weights = SuffixWeights.Of(folded, part);
        if (Weights.Count == 0)
        {
            throw new TrainingException($"{network.Model.Source}: {frozen.Told} has no weights; expected an earlier end of the frozen part, so that there is something to train");
        }

        Rates = FindRates(network, folded);
        _toEmbedding = Embed(network, FrozenTap is null ? Pixels(network, part) : Cached(network, part));
    }

    /// <summary>Where it begins.</summary>
    public FrozenEnd Frozen { get; }

    /// <summary>The whole network, batch norms folded, weights untied.</summary>
    public OnnxModel Folded { get; }

    /// <summary>The taps in use, in their order.</summary>
    public IReadOnlyList<BackboneTap> Taps { get; }

    /// <summary>The frozen part's last tensor as a tap; null where nothing is frozen.</summary>
    public TapDescription? FrozenTap { get; }

    /// <summary>The taps in use that training does not change, in their order: their vectors follow the frozen tensor in a row.</summary>
    public IReadOnlyList<BackboneTap> FrozenTaps { get; }

    /// <summary>What is trained beside the head.</summary>
    public IReadOnlyList<SuffixWeight> Weights { get; }

    /// <summary>Stage by stage, by the name of a weight: how many stages of the network end before it, of how many with the head's.</summary>
    public IReadOnlyDictionary<string, (int Stage, int Head)> Rates { get; }

    /// <summary>Values of a row; 0 where it is pixels.</summary>
    public int RowWidth => FrozenTap is null ? 0 : FrozenTap.Width + FrozenTaps.Sum(tap => tap.Width);

    /// <summary>Divides the network.</summary>
    /// <exception cref="TrainingException">It has no weights behind the frozen part, shares them with it, or cannot be divided there.</exception>
    public static SuffixNetwork Of(BackboneNetwork network, FrozenEnd frozen)
    {
        // Taps and ends of stages stay what they are: outputs are not folded away.
        string[] kept = [.. network.Taps.Select(tap => tap.Tensor).Concat(network.Stages.Select(stage => stage.Tensor))
            .Concat(frozen.Tensor is { } tensor ? [tensor] : Array.Empty<string>()).Distinct().OrderBy(network.Place)];
        return new(network, frozen, BatchNormFolding.Fold(SuffixWeights.Untie(Cut.At(network.Model, kept))));
    }

    /// <summary>The network that is trained: the embedding, brought to mean 0 and deviation 1, times the head's weights.</summary>
    /// <param name="head">k x D weights and k biases for standardised embeddings.</param>
    /// <param name="standardisation">Of the D columns of the embedding before the training; its numbers stay.</param>
    /// <param name="weightDecay">Of kernels and matrices.</param>
    /// <param name="rateRatio">The head's learning rate over that of the network's first stage.</param>
    public TrainableNetwork With(DenseLayer head, Standardisation standardisation, double weightDecay, double rateRatio)
    {
        var builder = GraphBuilder.Over(_toEmbedding);
        string x = builder.Node("Sub", [Embedding, builder.Reals("embedding_mean", ElementType.Float, standardisation.Mean, 1, _width)], "centred_embedding");
        x = builder.Node("Mul", [x, builder.Reals("embedding_scale", ElementType.Float, standardisation.Scale, 1, _width)], "standard_embedding");
        string weights = builder.Floats(HeadHint, head.Weights, head.Outputs, _width), bias = builder.Floats(BiasHint, head.Bias, head.Outputs);
        builder.NodeInto(Outputs, "Gemm", [x, weights, bias], ("transB", 1));
        builder.Graph.Output.Clear();
        builder.Output(Outputs, ElementType.Float, -1, head.Outputs);
        return new(builder.Build(), [
            .. Weights.Select(weight => new Trainable(weight.Name, weight.Decays ? weightDecay : 0, Rate(weight.Name, rateRatio))),
            new Trainable(weights, weightDecay), new Trainable(bias)]);
    }

    /// <summary>The learning rate of a weight as a part of the head's: even steps of its logarithm from the network's first stage to the head.</summary>
    public double Rate(string weight, double rateRatio) => Math.Pow(rateRatio, ((double)Rates[weight].Stage / Rates[weight].Head) - 1);

    /// <summary>From rows to the embedding, with the weights of <paramref name="trained"/>.</summary>
    public static OnnxModel ToEmbedding(OnnxModel trained) => Cut.At(trained, Embedding);

    /// <summary>The head's layer, for standardised embeddings, as <paramref name="trained"/> has it.</summary>
    public static DenseLayer Head(OnnxModel trained)
    {
        var gemm = trained.Graph.Node.Single(node => node.Output.Contains(Outputs));
        return new(Values(trained, gemm.Input[1]), Values(trained, gemm.Input[2]));
    }

    /// <summary>The whole network with the weights of <paramref name="trained"/>, cut at <paramref name="taps"/>.</summary>
    public OnnxModel Whole(OnnxModel trained, IReadOnlyList<string> taps)
    {
        var proto = Folded.Proto.Clone();
        var learned = trained.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach (var weight in Weights)
        {
            int place = Enumerable.Range(0, proto.Graph.Initializer.Count).First(i => proto.Graph.Initializer[i].Name == weight.Name);
            proto.Graph.Initializer[place] = learned[weight.Name];
        }

        return Cut.At(new OnnxModel(proto, Folded.Source), taps);
    }

    private static float[] Values(OnnxModel model, string name) => TensorData.Floats(model.Graph.Initializer.Single(tensor => tensor.Name == name))!;

    // What gave the tensor goes on under another name, and the tensor itself is fed.
    private static OnnxModel Behind(OnnxModel model, string tensor)
    {
        var proto = model.Proto.Clone();
        foreach (var node in proto.Graph.Node)
        {
            for (int i = 0; i < node.Output.Count; i++)
            {
                node.Output[i] = node.Output[i] == tensor ? $"{tensor}_frozen" : node.Output[i];
            }
        }

        foreach (var stale in proto.Graph.ValueInfo.Concat(proto.Graph.Output).Where(value => value.Name == tensor).ToArray())
        {
            _ = proto.Graph.ValueInfo.Remove(stale) || proto.Graph.Output.Remove(stale);
        }

        proto.Graph.Input.Add(new ValueInfoProto { Name = tensor, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float } } });
        return new(proto, model.Source);
    }

    // Those that the fed tensor has no part in.
    private IEnumerable<BackboneTap> FindFrozen(OnnxModel part, string image)
    {
        if (FrozenTap is null)
        {
            yield break;
        }

        var moving = new HashSet<string>(StringComparer.Ordinal) { FrozenTap.Tensor };
        foreach (var node in part.Graph.Node.Where(node => Cut.Reads(node).Any(moving.Contains)))
        {
            moving.UnionWith(node.Output);
        }

        foreach (var tap in Taps.Where(tap => !moving.Contains(tap.Tensor) || tap.Tensor == FrozenTap.Tensor))
        {
            yield return tap;
        }
    }

    private Dictionary<string, (int Stage, int Head)> FindRates(BackboneNetwork network, OnnxModel folded)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (place, node) in folded.Graph.Node.Index())
        {
            foreach (string output in node.Output)
            {
                places[output] = place;
            }
        }

        int[] ends = [.. network.Stages.Where(stage => stage.IsMap).Select(stage => places[stage.Tensor])];
        var stages = Weights.ToDictionary(weight => weight.Name, weight => ends.Count(end => end < places[weight.Node]));
        int head = stages.Values.Max() + 1;
        return stages.ToDictionary(pair => pair.Key, pair => (pair.Value, head));
    }

    private static OnnxModel Pixels(BackboneNetwork network, OnnxModel part)
    {
        var (input, preprocessing) = (network.Backbone.Description.Input, network.Backbone.Description.Preprocessing);
        return PixelInput.Prepend(part, input.Tensor, input.Height, input.Width, preprocessing.Mean, preprocessing.Std, input.Channels, input.Layout, "tuned_pixels");
    }

    private OnnxModel Cached(BackboneNetwork network, OnnxModel part)
    {
        var builder = GraphBuilder.Over(part);
        string tensor = FrozenTap!.Tensor;
        builder.RemoveInput(tensor);
        builder.Input(Activations, ElementType.Float, -1, RowWidth);
        string values = FrozenTaps.Count == 0 ? Activations : Columns(builder, 0, FrozenTap.Width, "frozen_values");
        long[] item = [.. network.Dimensions(tensor).Skip(1)];
        var layout = FrozenTap.Layout ?? network.Backbone.Description.Input.Layout;
        if (FrozenTap.Shape is [var channels, var height, var width] && layout == TensorLayout.Nhwc)
        {
            // Cached as every map is, channel by channel.
            string map = builder.Node("Reshape", [values, builder.Longs("frozen_shape", [0, channels, height, width], 4)], "frozen_nchw");
            builder.NodeInto(tensor, "Transpose", [map], ("perm", new long[] { 0, 2, 3, 1 }));
        }
        else
        {
            builder.NodeInto(tensor, "Reshape", [values, builder.Longs("frozen_shape", [0, .. item], item.Length + 1)]);
        }

        for (int i = 0, first = FrozenTap.Width; i < FrozenTaps.Count; first += FrozenTaps[i++].Width)
        {
            Columns(builder, first, FrozenTaps[i].Width, FrozenTaps[i].OutputName, exact: true);
        }

        return builder.Build(newNodesFirst: true);
    }

    private static string Columns(GraphBuilder builder, int first, int count, string name, bool exact = false)
    {
        string[] inputs = [Activations, builder.Longs("first_column", [first], 1), builder.Longs("end_column", [first + count], 1), builder.Longs("column_axis", [1], 1)];
        return exact ? builder.NodeInto(name, "Slice", inputs) : builder.Node("Slice", inputs, name);
    }

    // The taps pooled, side by side in their order, of length 1 where the backbone says so.
    private OnnxModel Embed(BackboneNetwork network, OnnxModel part)
    {
        foreach (var tap in Taps.Where(tap => !FrozenTaps.Contains(tap)))
        {
            part = Pooling.Attach(part, tap.Tensor, tap.Pooling, tap.Shape, tap.OutputName, tap.Layout);
        }

        const string Raw = "embedding_before_length";
        part = Onnx.Outputs.Concat(part, [.. Taps.Select(tap => tap.OutputName)], network.Backbone.L2Normalize ? Raw : Embedding);
        return Cut.At(network.Backbone.L2Normalize ? L2Normalization.Attach(part, Raw, Embedding) : part, Embedding);
    }
}
