using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// The element type of every tensor of a graph: as inputs, outputs, weights and value infos declare it, else as the ONNX
/// operators define it from their inputs. <see cref="ElementType.Undefined"/> for what neither says.
/// </summary>
internal sealed class ElementTypes
{
    private readonly Dictionary<string, ElementType> _types = new(StringComparer.Ordinal);

    public ElementTypes(GraphProto graph)
    {
        foreach (var value in graph.ValueInfo.Concat(graph.Output).Concat(graph.Input).Where(v => (v.Type?.TensorType?.ElemType ?? 0) > 0))
        {
            _types[value.Name] = (ElementType)value.Type.TensorType.ElemType;
        }

        foreach (var tensor in graph.Initializer)
        {
            _types[tensor.Name] = (ElementType)tensor.DataType;
        }

        foreach (var node in graph.Node)
        {
            for (var i = 0; i < node.Output.Count; i++)
            {
                // An empty name is an output left out, and elsewhere an input left out.
                if (node.Output[i].Length > 0)
                {
                    _types.TryAdd(node.Output[i], Of(node, i));
                }
            }
        }
    }

    public ElementType this[string tensor] => _types.GetValueOrDefault(tensor);

    private ElementType Of(NodeProto node, int output)
    {
        ElementType Input(int i) => i < node.Input.Count ? this[node.Input[i]] : ElementType.Undefined;
        ElementType Said(string attribute, ElementType absent) => (ElementType)node.Long(attribute, (long)absent);
        ElementType Held(ElementType absent) => (ElementType)(node.Tensor("value")?.DataType ?? (int)absent);
        if (node.Domain is not ("" or "ai.onnx") || node.HoldsGraphs())
        {
            return ElementType.Undefined;
        }

        return (node.OpType, output) switch
        {
            ("Shape" or "Size" or "NonZero" or "ArgMax" or "ArgMin" or "NonMaxSuppression", _) or ("TopK" or "MaxPool" or "Unique", > 0) => ElementType.Int64,
            ("Equal" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "Not" or "And" or "Or" or "Xor" or "IsNaN" or "IsInf", _)
                or ("Dropout", > 0) => ElementType.Bool,
            ("Cast", _) => Said("to", ElementType.Undefined),
            ("Constant", _) => Held(node.Attribute.FirstOrDefault()?.Name switch
            {
                "value_float" or "value_floats" => ElementType.Float,
                "value_int" or "value_ints" => ElementType.Int64,
                "value_string" or "value_strings" => ElementType.String,
                _ => ElementType.Undefined,
            }),
            ("ConstantOfShape", _) => Held(ElementType.Float),
            ("RandomNormal" or "RandomUniform", _) => Said("dtype", ElementType.Float),
            ("RandomNormalLike" or "RandomUniformLike" or "EyeLike" or "Bernoulli", _) => Said("dtype", Input(0)),
            ("Multinomial", _) => Said("dtype", ElementType.Int32),
            ("CastLike" or "Where" or "DequantizeLinear", _) => Input(1),
            ("OneHot", _) => Input(2),
            ("QuantizeLinear", _) => node.Input.Count > 2 ? Input(2) : ElementType.UInt8,
            ("DynamicQuantizeLinear", 0 or 2) => ElementType.UInt8,
            ("QLinearConv" or "QLinearMatMul", _) => Input(7),
            ("ConvInteger" or "MatMulInteger", _) => ElementType.Int32,
            _ => Input(0),
        };
    }
}
