using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>A network with fresh weights from uint8 pixels to the outputs of a dense layer on its last tap, ready to be trained.</summary>
internal sealed class ScratchNetwork
{
    /// <summary>The tensor that the dense layer takes.</summary>
    public const string Embedding = "scratch_embedding";

    private const string Pixels = "scratch_pixels", Outputs = "scratch_outputs", HeadWeights = "scratch_head_weights", HeadBias = "scratch_head_bias";

    private readonly ReinitialisedNetwork _fresh;

    private ScratchNetwork(ReinitialisedNetwork fresh, TrainableNetwork trainable) => (_fresh, Trainable) = (fresh, trainable);

    /// <summary>What is trained.</summary>
    public TrainableNetwork Trainable { get; }

    /// <summary>How many numbers that moves.</summary>
    public long WeightCount => Trainable.Weights.Sum(weight => TensorData.Count(Trainable.Model.Graph.Initializer.First(tensor => tensor.Name == weight.Name)));

    /// <summary>Puts pixels before and a dense layer behind it.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="fresh">The same with fresh weights.</param>
    /// <param name="outputs">k.</param>
    /// <param name="decay">Weight decay of the dense layer's weights.</param>
    /// <param name="seed">Decides its weights.</param>
    public static ScratchNetwork Of(ScratchArchitecture architecture, ReinitialisedNetwork fresh, int outputs, double decay, long seed)
    {
        var (last, input, normalised) = (architecture.Last, architecture.Description.Input, architecture.Description.Preprocessing);
        var builder = GraphBuilder.Over(Pooling.Attach(Cut.At(fresh.Model, last.Tensor), last.Tensor, last.Pooling, last.Shape, Embedding, last.Layout ?? input.Layout));
        var random = new SeededRandom(seed);
        string weights = builder.Floats(HeadWeights, FreshWeights.Linear((long)outputs * last.Width, last.Width, random), outputs, last.Width);
        string bias = builder.Floats(HeadBias, FreshWeights.Linear(outputs, last.Width, random), outputs);
        builder.Graph.Output.Clear();
        builder.Output(builder.NodeInto(Outputs, "Gemm", [Embedding, weights, bias], ("transB", 1)), ElementType.Float, -1, outputs);
        var model = PixelInput.Prepend(
            builder.Build(), input.Tensor, input.Height, input.Width, normalised.Mean, normalised.Std, input.Channels, input.Layout, Pixels);
        var held = model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return new(fresh, new(model, [.. fresh.Weights.Where(weight => held.Contains(weight.Name)), new(HeadWeights, decay), new(HeadBias)]));
    }

    /// <summary>The network from its float input to its taps, its batch norms folded; and the dense layer.</summary>
    /// <param name="trained">What training made of <see cref="Trainable"/>.</param>
    public (OnnxModel Network, DenseLayer Head) Apart(OnnxModel trained) =>
        (BatchNormFolding.Fold(_fresh.With(trained)), new(Values(trained, HeadWeights), Values(trained, HeadBias)));

    private static float[] Values(OnnxModel model, string weight) => TensorData.Floats(model.Graph.Initializer.First(tensor => tensor.Name == weight))!;
}
