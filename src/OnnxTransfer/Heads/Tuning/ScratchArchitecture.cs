using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>A backbone's architecture up to a tap, at its own input size or another: what is given fresh weights.</summary>
/// <param name="Model">From the network's float input to the taps up to the last.</param>
/// <param name="Description">Of a backbone that is this; file and hash are still the old one's.</param>
internal sealed record ScratchArchitecture(OnnxModel Model, BackboneDescription Description)
{
    /// <summary>The tap whose vector the head takes.</summary>
    public TapDescription Last => Description.Taps[^1];

    /// <summary>Takes the architecture out of a backbone.</summary>
    /// <param name="model">Its network.</param>
    /// <param name="about">Its description.</param>
    /// <param name="tap">The tap to end with; null: its last.</param>
    /// <param name="height">Rows of the input; null: as described.</param>
    /// <param name="width">Columns, likewise.</param>
    /// <exception cref="FitException">It cannot be trained, or has no such tap, or not at this size.</exception>
    public static ScratchArchitecture Of(OnnxModel model, BackboneDescription about, string? tap = null, int? height = null, int? width = null)
    {
        if (about.Precision.Length > 0 || about.Input.Batch > 0)
        {
            string found = about.Precision.Length > 0 ? $"computes in {about.Precision}" : $"takes {about.Input.Batch} images at once and no other number";
            throw new FitException($"backbone '{about.Name}': its graph {found}; its architecture can be trained in float32 with any number of images: take such a file of it");
        }

        var taps = UpTo(about, tap);
        var input = about.Input with { Height = height ?? about.Input.Height, Width = width ?? about.Input.Width };
        var graph = Cut.At(Resized(BatchDimension.Free(model), input), [.. taps.Select(t => t.Tensor).Distinct()]);
        var shapes = TensorShapes.Infer(graph);
        return new(graph, about with
        {
            Input = input,
            Preprocessing = about.Preprocessing with { Pixels = Resized(about.Preprocessing.Pixels, input) },
            Taps = [.. taps.Select(t => Measured(t, about, input, shapes))],
            Embedding = [taps[^1].Name],
            Golden = null,
            Json = "",
        });
    }

    private static List<TapDescription> UpTo(BackboneDescription about, string? tap)
    {
        int last = tap is null ? about.Taps.Count - 1 : about.Taps.ToList().FindIndex(t => t.Name == tap);
        return last >= 0
            ? [.. about.Taps.Take(last + 1)]
            : throw new FitException($"backbone '{about.Name}': has no tap '{tap}'; it has {NearNames.List(tap!, about.Taps.Select(t => t.Name))}");
    }

    // What the file says of inner shapes holds at its own size alone.
    private static OnnxModel Resized(OnnxModel model, InputDescription input)
    {
        var builder = GraphBuilder.Over(model);
        builder.RemoveInput(input.Tensor);
        builder.Input(input.Tensor, ElementType.Float, ImageShape.Of(input.Layout, -1, input.Height, input.Width));
        builder.Graph.ValueInfo.Clear();
        foreach (var output in builder.Graph.Output)
        {
            output.Type = null;
        }

        return builder.Build();
    }

    private static PixelPreprocessing Resized(PixelPreprocessing pixels, InputDescription input)
    {
        double scale = Math.Max((double)input.Height / pixels.CropHeight, (double)input.Width / pixels.CropWidth);
        int shorter = (int)Math.Round(pixels.Height * scale);
        return pixels.Resize == ResizeRule.Exact
            ? pixels with { Height = input.Height, Width = input.Width, CropHeight = input.Height, CropWidth = input.Width }
            : pixels with { Height = shorter, Width = shorter, CropHeight = input.Height, CropWidth = input.Width };
    }

    private static TapDescription Measured(TapDescription tap, BackboneDescription about, InputDescription input, TensorShapes shapes)
    {
        var layout = tap.Layout ?? about.Input.Layout;
        int[]? shape = shapes[tap.Tensor]?.Dimensions switch
        {
            [1, var one, var two, var three] => layout == TensorLayout.Nchw ? [(int)one, (int)two, (int)three] : [(int)three, (int)one, (int)two],
            [1, var one] => [(int)one],
            _ => null,
        };
        return shape is not null && shape.Length == tap.Shape.Count
            ? tap with { Shape = shape, Width = tap.Pooling.WidthOf(shape) }
            : throw new FitException(
                $"backbone '{about.Name}' at {input.Height}x{input.Width}: its tap '{tap.Name}' cannot be computed ({shapes.Unknown.GetValueOrDefault(tap.Tensor, "its shape is another")}); "
                + $"dense layers, for one, fit one size alone: expected {about.Input.Height}x{about.Input.Width}, or an earlier tap as the last");
    }
}
