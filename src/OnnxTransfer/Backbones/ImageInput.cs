using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Which input of a graph takes the image, and in which form.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="Type">float, float16 or double.</param>
/// <param name="Layout">Where its channels are.</param>
/// <param name="Height">Rows; 0 where the graph leaves them open.</param>
/// <param name="Width">Columns; 0 likewise.</param>
/// <param name="Batch">Images per run as the file says; 0 where any number fits.</param>
internal sealed record ImageInput(string Tensor, ElementType Type, TensorLayout Layout, int Height, int Width, int Batch)
{
    /// <exception cref="BackboneException">None takes an image, or several inputs are there and none was chosen.</exception>
    public static ImageInput Find(OnnxModel model, ImportSettings settings)
    {
        var info = Choose(model, settings.Input);
        if (info.Dimensions is not { Count: 4 } dims)
        {
            throw Wrong(model, info, "four dimensions, [N, 3, height, width] or [N, height, width, 3]",
                "only networks that take one colour image can be imported; name another input with --input if there is one");
        }

        if (info.ElementType is not (ElementType.Float or ElementType.Float16 or ElementType.Double))
        {
            throw Wrong(model, info, "float, float16 or double",
                "cut what turns bytes into numbers off the graph, or export the network without it");
        }

        var layout = (dims[1], dims[3]) switch
        {
            (3, _) => TensorLayout.Nchw,
            (_, 3) => TensorLayout.Nhwc,
            ( < 0, >= 0) => TensorLayout.Nchw, // channels left open, the last dimension no channels
            ( >= 0, < 0) => TensorLayout.Nhwc,
            ( < 0, < 0) => TransposedFirst(model, info.Name) ? TensorLayout.Nhwc : TensorLayout.Nchw,
            _ => throw Wrong(model, info, "three channels, red, green and blue, as second or last dimension",
                $"it has {Math.Min(dims[1], dims[3])} channels: take a network trained on colour images"),
        };
        var (height, width) = layout == TensorLayout.Nchw ? (dims[2], dims[3]) : (dims[1], dims[2]);
        (height, width) = (Math.Max(0, height), Math.Max(0, width));
        if (settings.Size is { } size)
        {
            if ((height > 0 && height != size.Height) || (width > 0 && width != size.Width))
            {
                throw Wrong(model, info, $"the size {size.Height}x{size.Width} that was asked for", "its size is fixed in the file: leave the size out");
            }

            (height, width) = size;
        }

        return new(info.Name, info.ElementType, layout, checked((int)height), checked((int)width), (int)Math.Max(0, dims[0]));
    }

    private static TensorInfo Choose(OnnxModel model, string? wanted)
    {
        if (wanted is not null)
        {
            return model.Input(wanted);
        }

        if (model.Inputs is [var only])
        {
            return only;
        }

        var images = model.Inputs.Where(i => i.Dimensions is { Count: 4 } && i.ElementType is ElementType.Float or ElementType.Float16 or ElementType.Double).ToArray();
        var cure = images.FirstOrDefault(image => new ImageFlow(model, image.Name, TensorLayout.Nchw).Nodes.Count > 0) is { } usable
            ? $"choose the image's with --input {usable.Name}; taps are then looked for among what the others have no part in"
            : "no part of the graph needs an image alone: export a network that takes one image";
        throw new BackboneException($"{model.Source}: has {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs)}); expected one, the image: {cure}");
    }

    private static bool TransposedFirst(OnnxModel model, string input) =>
        model.Graph.Node.FirstOrDefault(n => n.Input.Contains(input)) is { OpType: "Transpose" } node
        && node.Longs("perm") is [0, 3, 1, 2];

    private static BackboneException Wrong(OnnxModel model, TensorInfo info, string expected, string cure) =>
        new($"{model.Source}: its input is {info}; expected {expected}: {cure}");
}
