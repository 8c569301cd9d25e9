using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>Whether tensors given by name are those that a model reads, and those wanted by name such as it gives.</summary>
internal static class NamedTensors
{
    /// <exception cref="InferenceException">One is missing, unknown or of another shape or type.</exception>
    public static void Check(OnnxModel model, IReadOnlyDictionary<string, TensorValue> inputs, IReadOnlyList<string> wanted)
    {
        foreach (var expected in model.Inputs)
        {
            if (!inputs.TryGetValue(expected.Name, out var value))
            {
                throw new InferenceException($"{model.Source}: input {expected} was not given; given: {Listed(inputs.Keys)}");
            }

            var fits = value.ElementType == expected.ElementType && (expected.Dimensions is null || (expected.Dimensions.Count == value.Shape.Count
                && expected.Dimensions.Zip(value.Shape).All(d => d.First < 0 || d.First == d.Second)));
            if (!fits)
            {
                throw new InferenceException($"{model.Source}: input '{expected.Name}' was given as "
                    + $"{value.ElementType.ToString().ToLowerInvariant()}[{string.Join(',', value.Shape)}]; expected {expected}");
            }
        }

        CheckKnown(model, "input", model.Inputs, inputs.Keys);
        CheckKnown(model, "output", model.Outputs, wanted);
    }

    private static void CheckKnown(OnnxModel model, string kind, IReadOnlyList<TensorInfo> known, IEnumerable<string> names)
    {
        var there = known.Select(tensor => tensor.Name).ToArray();
        if (names.Except(there).FirstOrDefault() is { } unknown)
        {
            throw new InferenceException($"{model.Source}: has no {kind} '{unknown}'; its {kind}s are {Listed(there)}");
        }
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
